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

  /// The folder of temporary files.
  static var folder: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }

  init() throws(FileError) {
    // O_TMPFILE and O_EXCL, which says that it will never have a name. O_TMPFILE is a macro that Swift does not import.
    let flags = O_RDWR | O_DIRECTORY | 0o20_000_000 | O_EXCL
    if let file = try? FileDescriptor(path: Self.folder, flags: flags, mode: 0o600) {
      self.file = file
      return
    }
    // File systems without files that have no names: the name goes at once.
    var name = Array("\(Self.folder)/recolor-XXXXXX".utf8CString)
    let descriptor = mkstemp(&name)
    guard descriptor >= 0 else {
      throw FileError(path: Self.folder, problem: "cannot be written", reason: FileDescriptor.lastReason())
    }
    unlink(name)
    defer { close(descriptor) }
    file = try FileDescriptor(duplicating: descriptor, name: Self.folder, problem: "cannot be written")
  }

  /// Bytes written so far.
  var byteCount: Int { count.withLock { $0 } }

  func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    let start = byteCount
    try file.overwrite(bytes, at: start)
    count.withLock { $0 += bytes.count }
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
