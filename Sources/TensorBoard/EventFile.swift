import Files
import Glibc
import Protobufs
import SwiftProtobuf

/// An event file, which TensorBoard draws curves and pictures from.
///
/// Every event is in the file when the call that wrote it returns, whatever becomes of the process. A process that is killed within
/// the call can leave the file's last record cut short, and a system that goes down can cut the file off behind the last
/// `synchronize`; TensorBoard reads such a file up to there.
public final class EventFile {
  /// Folder that the file is in; TensorBoard calls what is in it a run.
  public let folder: String
  private let firstStep: Int
  /// Nil until there is something to write.
  private var file: FileDescriptor?

  /// Prepares a file, which is made with its first event.
  /// - Parameter firstStep: the first that the file may tell of. What earlier files in the folder told of that step and later
  ///   ones, because they were done before and lost, TensorBoard then forgets.
  public init(in folder: String, goingOnAt firstStep: Int = 0) {
    self.folder = folder
    self.firstStep = firstStep
  }

  /// Writes points of curves, one under each tag.
  public func write(_ scalars: [(tag: String, value: Float)], step: Int) throws(FileError) {
    let values = scalars.map { scalar in
      TensorBoardSummary.Value.with {
        $0.tag = scalar.tag
        $0.simpleValue = scalar.value
      }
    }
    try write(.summary(.with { $0.value = values }), step: step)
  }

  /// Writes a picture.
  /// - Parameter png: a whole PNG file, red, green and blue.
  public func write(_ tag: String, png: [UInt8], step: Int) throws(FileError) {
    let value = TensorBoardSummary.Value.with {
      $0.tag = tag
      // The first chunk of a PNG file begins with both, high byte first.
      $0.image.width = png.dropFirst(16).prefix(4).reduce(0) { $0 << 8 | Int32($1) }
      $0.image.height = png.dropFirst(20).prefix(4).reduce(0) { $0 << 8 | Int32($1) }
      $0.image.colorspace = 3
      $0.image.encodedImageString = .init(png)
    }
    try write(.summary(.with { $0.value = [value] }), step: step)
  }

  /// Waits until what was written is on the disk.
  public func synchronize() throws(FileError) {
    if file != nil { try file?.synchronize() }
  }

  private func write(_ what: TensorBoardEvent.OneOf_What, step: Int) throws(FileError) {
    if file == nil {
      file = try Self.newFile(in: folder)
      // The version from which on TensorBoard takes notice of a session's start.
      try append(.fileVersion("brain.Event:2"), step: 0)
      // Of a run's first file, too: one of TensorBoard's readers takes notice from the second start on.
      try append(.sessionLog(.with { $0.status = .start }), step: firstStep)
    }
    try append(what, step: step)
  }

  private func append(_ what: TensorBoardEvent.OneOf_What, step: Int) throws(FileError) {
    let event = TensorBoardEvent.with {
      $0.wallTime = Self.now
      $0.step = Int64(step)
      $0.what = what
    }
    let data: [UInt8]
    do {
      data = try event.serializedBytes()
    } catch {
      throw FileError(path: folder, problem: "an event cannot be written", reason: "\(error)")
    }
    // In one call, so that a reader hardly ever meets half a record; a KILL can still leave one, at the file's end.
    let record = Record.framed(data)
    var failure: FileError?
    record.withUnsafeBytes { bytes in
      do throws(FileError) { try file?.append(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Makes a file whose name comes after those of all files in the folder: TensorBoard reads a run's files in the order of
  /// their names.
  private static func newFile(in folder: String) throws(FileError) -> FileDescriptor {
    let taken = try Folder.names(in: folder).compactMap { name in
      name.hasPrefix(prefix) ? Int(name.dropFirst(prefix.count).prefix { $0 != "." }) : nil
    }
    let number = max(Int(now), (taken.max() ?? 0) + 1)
    return try FileDescriptor(
      path: "\(folder)/\(prefix)\(number).recolor", flags: O_WRONLY | O_CREAT | O_EXCL | O_APPEND,
      problem: "cannot be made")
  }

  /// What TensorBoard knows event files by; the seconds since 1970 follow.
  private static let prefix = "events.out.tfevents."

  /// Seconds since 1970.
  private static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
