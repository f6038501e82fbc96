import Files
import Foundation
import TestSupport
import Testing

@testable import TensorBoard

/// The reading of event files that grow.
@Suite("Growing event files")
struct EventFileReaderTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func reader() throws -> EventFileReader {
    let name = try #require(try EventFileReader.names(in: folder.path).last)
    return EventFileReader(path: "\(folder.path)/\(name)")
  }

  private static func steps(_ events: [RecordedEvent]) -> [Int] {
    events.compactMap { if case .point(_, let step, _, _) = $0 { step } else { nil } }
  }

  @Test("Only what was added is read, and images are passed over")
  func additions() throws {
    let file = EventFile(in: folder.path, goingOnAt: 5)
    try file.write([("train/loss", 0.5), ("train/other", 2)], step: 16)
    var reader = try reader()
    let first = try reader.readAdded()
    #expect(first.first == .sessionStart(step: 5))
    #expect(Self.steps(first) == [16, 16])
    guard case .point("train/loss", 16, let time, 0.5) = first[1] else {
      Issue.record("\(first)")
      return
    }
    #expect(abs(time - Date().timeIntervalSince1970) < 60)
    #expect(try reader.readAdded().isEmpty)
    try file.write("samples", png: [UInt8](repeating: 7, count: 3 << 20), step: 17)
    try file.write([("epoch/loss", 0.25)], step: 18)
    #expect(Self.steps(try reader.readAdded()) == [18])
    #expect(try reader.offset == readFile(reader.path).count)
  }

  @Test("A record that is not whole yet is read when it is")
  func partialRecords() throws {
    let file = EventFile(in: folder.path)
    for step in 1...3 { try file.write([("a", Float(step))], step: step) }
    let whole = try readFile(try reader().path)
    let copy = folder.path + "/copy"
    var reader = EventFileReader(path: copy)
    var steps: [Int] = []
    for count in 0...whole.count {
      try Data(whole.prefix(count)).write(to: URL(filePath: copy))
      steps += Self.steps(try reader.readAdded())
    }
    #expect(steps == [1, 2, 3] && !reader.isDamaged)
  }

  @Test("Pieces of any size give the same events")
  func limits() throws {
    let file = EventFile(in: folder.path)
    for step in 1...200 { try file.write([("a", Float(step))], step: step) }
    var reader = try reader()
    var steps: [Int] = []
    while case let events = try reader.readAdded(limit: 1000), !events.isEmpty { steps += Self.steps(events) }
    #expect(steps == Array(1...200))
  }

  @Test("A damaged file is read up to the damage")
  func damage() throws {
    let file = EventFile(in: folder.path)
    for step in 1...3 { try file.write([("a", Float(step))], step: step) }
    var bytes = try readFile(try reader().path)
    // The length of the last record.
    bytes[bytes.count - 30] ^= 0xFF
    let copy = folder.path + "/copy"
    try Data(bytes).write(to: URL(filePath: copy))
    var reader = EventFileReader(path: copy)
    #expect(Self.steps(try reader.readAdded()).allSatisfy { $0 <= 3 })
    try Data([UInt8](repeating: 9, count: 500)).write(to: URL(filePath: copy))
    var noise = EventFileReader(path: copy)
    #expect(try noise.readAdded().isEmpty && noise.isDamaged)
  }
}
