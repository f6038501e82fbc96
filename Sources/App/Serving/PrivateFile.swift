import Files
import Glibc
import Imaging
import Synchronization

/// A file for this process alone: it has no name, so that nobody else finds it, and the system removes it when it is
/// closed or the process ends in any way.
///
/// It is written from its beginning to its end by one thread, and then read by any.
final class PrivateFile: ImageOutput, Sendable {
  private let file: FileDescriptor
  private let count = Mutex(0)
  /// What the file takes a part of; nil for a file that is counted otherwise.
  private let budget: FileBudget?

  /// The folder of temporary files.
  static var folder: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }

  /// - Parameter budget: What the file takes a part of until it is closed.
  /// - Throws: `FileError`, as of a full disk where nothing is left of the budget.
  convenience init(in budget: FileBudget? = nil) throws(FileError) {
    let file = try Self.nameless()
    try budget?.take(count: 1)
    self.init(file, budget)
  }

  private init(_ file: consuming FileDescriptor, _ budget: FileBudget?) {
    self.file = file
    self.budget = budget
  }

  deinit { budget?.give(count: 1, byteCount: byteCount) }

  /// Opens a file without a name.
  private static func nameless() throws(FileError) -> FileDescriptor {
    // O_TMPFILE and O_EXCL, which says that it will never have a name. O_TMPFILE is a macro that Swift does not import.
    let flags = O_RDWR | O_DIRECTORY | 0o20_000_000 | O_EXCL
    if let file = try? FileDescriptor(path: folder, flags: flags, mode: 0o600) { return file }
    // File systems without files that have no names: the name goes at once.
    var name = Array("\(folder)/recolor-XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    guard descriptor >= 0 else {
      throw FileError(path: folder, problem: "cannot be written", reason: FileDescriptor.lastReason())
    }
    unlink(name)
    defer { close(descriptor) }
    return try FileDescriptor(duplicating: descriptor, name: folder, problem: "cannot be written")
  }

  /// Bytes written so far.
  var byteCount: Int { count.withLock { $0 } }

  func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    let start = byteCount
    try budget?.take(byteCount: bytes.count)
    do throws(FileError) {
      try file.overwrite(bytes, at: start)
    } catch {
      budget?.give(count: 0, byteCount: bytes.count)
      throw error
    }
    count.withLock { $0 += bytes.count }
  }

  /// Bytes of a part in `parts`.
  private static let partByteCount = 1 << 18

  /// The ranges of the file that are in memory one at a time, for each client that takes it.
  var parts: [Range<Int>] {
    let end = byteCount
    return stride(from: 0, to: end, by: Self.partByteCount).map { $0..<min(end, $0 + Self.partByteCount) }
  }

  /// Returns the bytes of a range, which must have been written.
  func bytes(in range: Range<Int>) throws(FileError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    try bytes.withUnsafeMutableBufferPointer { bytes throws(FileError) in
      try file.fill(UnsafeMutableRawBufferPointer(bytes), at: range.lowerBound)
    }
    return bytes
  }
}
