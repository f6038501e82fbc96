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
  /// The file's part of a budget; nil for a file that is counted otherwise.
  private let part: FileBudget.Part?

  /// The folder of temporary files.
  static var folder: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }

  /// - Parameter part: The file's part of a budget, which it holds until it is closed.
  /// - Throws: `FileError`.
  convenience init(_ part: FileBudget.Part? = nil) throws(FileError) {
    self.init(try Self.nameless(), part)
  }

  private init(_ file: consuming FileDescriptor, _ part: FileBudget.Part?) {
    self.file = file
    self.part = part
  }

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

  /// - Throws: `FileError`, as of a full disk where the file outgrows its part and the budget has no room.
  func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    let start = byteCount
    try part?.cover(start + bytes.count)
    try file.overwrite(bytes, at: start)
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
