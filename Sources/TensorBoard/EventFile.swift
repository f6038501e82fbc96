import Files
import Glibc
import Protobufs
import SwiftProtobuf

/// An event file of TensorBoard: points of curves and images.
///
/// Every event is in the file when the call that writes it returns, even if the process is then killed. A process that
/// is killed during the call can leave an incomplete last record, and a system failure can lose events after the last
/// `synchronize`; TensorBoard reads such a file up to that point.
public final class EventFile {
  /// The file's folder, which TensorBoard takes for a run.
  public let folder: String
  private let firstStep: Int
  /// Nil until the first event is written.
  private var file: FileDescriptor?

  /// Prepares a file, which is created with its first event.
  /// - Parameter firstStep: The first step of the file's events. TensorBoard discards the events of earlier files in
  ///   the folder from that step on, which are those of work that was lost and is repeated.
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

  /// Writes an image.
  /// - Parameter png: A PNG file of RGB pixels.
  public func write(_ tag: String, png: [UInt8], step: Int) throws(FileError) {
    let value = TensorBoardSummary.Value.with {
      $0.tag = tag
      // The first chunk of a PNG file begins with the width and the height in big-endian order.
      $0.image.width = png.dropFirst(16).prefix(4).reduce(0) { $0 << 8 | Int32($1) }
      $0.image.height = png.dropFirst(20).prefix(4).reduce(0) { $0 << 8 | Int32($1) }
      $0.image.colorspace = 3
      $0.image.encodedImageString = .init(png)
    }
    try write(.summary(.with { $0.value = [value] }), step: step)
  }

  /// Waits until all events are on the disk.
  public func synchronize() throws(FileError) {
    if file != nil { try file?.synchronize() }
  }

  private func write(_ what: TensorBoardEvent.OneOf_What, step: Int) throws(FileError) {
    if file == nil {
      file = try Self.newFile(in: folder)
      // The first version of the format for which TensorBoard heeds the start of a session.
      try append(.fileVersion("brain.Event:2"), step: 0)
      // In the first file of a run, too: one of TensorBoard's readers heeds only the second start and later ones.
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
    // In one call, so that readers hardly ever see an incomplete record; SIGKILL can still leave one at the end.
    let record = Record.framed(data)
    var failure: FileError?
    record.withUnsafeBytes { bytes in
      do throws(FileError) { try file?.append(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  /// Creates a file whose name sorts behind those of all files in the folder whose numbers are times of this program:
  /// TensorBoard reads a run's files in the order of their names.
  private static func newFile(in folder: String) throws(FileError) -> FileDescriptor {
    let taken = try Folder.names(in: folder).compactMap { name in
      name.hasPrefix(prefix) ? Int(name.dropFirst(prefix.count).prefix { $0 != "." }) : nil
    }
    // A number far ahead is no time of this program: counting on from it would end at one of more digits, which sorts
    // before it.
    let number = max(Int(now), (taken.filter { $0 < Int(now) + 86_400 }.max() ?? 0) + 1)
    return try FileDescriptor(
      path: "\(folder)/\(prefix)\(number).recolor", flags: O_WRONLY | O_CREAT | O_EXCL | O_APPEND,
      problem: "cannot be made")
  }

  /// The prefix by which TensorBoard recognizes event files; the seconds since 1970 follow.
  static let prefix = "events.out.tfevents."

  /// Seconds since 1970.
  private static var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
