import Files
import Glibc
import Protobufs
import SwiftProtobuf

/// An entry of an event file that is no image.
public enum RecordedEvent: Equatable, Sendable {
  /// A point of a curve; the time is in seconds since 1970.
  case point(tag: String, step: Int, time: Double, value: Float)
  /// The start of a session, which discards earlier points from a step on.
  case sessionStart(step: Int)
}

/// A reader of an event file that grows: each call returns what was added since the last.
public struct EventFileReader: Sendable {
  public let path: String
  /// Bytes that have been read.
  public private(set) var offset = 0
  /// Whether the file is damaged at `offset`, so that nothing more is read.
  public private(set) var isDamaged = false

  /// Records of more bytes hold images; they are passed over unread.
  private static let largestRecord = 1 << 16
  /// Bytes that are read at a time.
  private static let pieceByteCount = 1 << 20

  public init(path: String) { self.path = path }

  /// Returns the names of the event files in a folder, in the order in which they were begun.
  public static func names(in folder: String) throws(FileError) -> [String] {
    try Folder.names(in: folder).filter { $0.hasPrefix(EventFile.prefix) }
  }

  /// Returns the events that were added to the file. A last record that is not whole yet is left for the next call.
  /// - Parameter limit: Most bytes to read, so that other work gets its turn.
  public mutating func readAdded(limit: Int = .max) throws(FileError) -> [RecordedEvent] {
    guard !isDamaged else { return [] }
    let file = try FileDescriptor(readingOrdinaryFile: path)
    let byteCount = try file.byteCount()
    let end = limit == .max ? byteCount : min(byteCount, offset + limit)
    var events: [RecordedEvent] = []
    while offset < end, !isDamaged {
      var bytes = [UInt8](repeating: 0, count: min(Self.pieceByteCount, end - offset))
      let start = offset
      try bytes.withUnsafeMutableBufferPointer { bytes throws(FileError) in
        try file.fill(UnsafeMutableRawBufferPointer(bytes), at: start)
      }
      let used = take(bytes, available: byteCount - start, into: &events)
      if used == 0 { break }
      offset += used
    }
    return events
  }

  /// Takes the whole records at the beginning of some bytes. Returns the number of bytes that are done with, which is
  /// more than there are where the last record is passed over.
  /// - Parameter available: Bytes of the file from the first of `bytes` on.
  private mutating func take(_ bytes: [UInt8], available: Int, into events: inout [RecordedEvent]) -> Int {
    var place = 0
    while bytes.count - place >= Record.headByteCount {
      guard let length = Record.length(of: bytes[place..<place + Record.headByteCount]) else {
        isDamaged = true
        break
      }
      let whole = Record.headByteCount + length + Record.tailByteCount
      if length > Self.largestRecord {
        // It may be partly written. A damaged length may be as large as an integer can be.
        guard whole <= available - place else { break }
        place += whole
        continue
      }
      guard place + whole <= bytes.count else { break }
      let data = bytes[(place + Record.headByteCount)..<(place + Record.headByteCount + length)]
      guard let event = try? TensorBoardEvent(serializedBytes: Array(data)) else {
        isDamaged = true
        break
      }
      Self.add(event, to: &events)
      place += whole
    }
    return place
  }

  private static func add(_ event: TensorBoardEvent, to events: inout [RecordedEvent]) {
    let step = Int(event.step)
    switch event.what {
    case .sessionLog(let log) where log.status == .start: events.append(.sessionStart(step: step))
    case .summary(let summary):
      for value in summary.value {
        guard case .simpleValue(let number)? = value.value else { continue }
        events.append(.point(tag: value.tag, step: step, time: event.wallTime, value: number))
      }
    default: break
    }
  }
}
