import Glibc

/// A lock that one process at a time can hold, as an advisory lock of a file. It is released by `deinit`, or by the
/// system when the process ends in any way; the file stays.
public final class FileLock: Sendable {
  /// The lock is held already.
  public struct Held: Error, Equatable {
    /// The process that holds it, as the file says; nil where it says nothing.
    public let process: Int?
  }

  private let file: FileDescriptor

  /// Takes the lock without waiting. On file systems without locks, it always succeeds.
  /// - Throws: `Held` or `FileError`, also where `path` is a link or no ordinary file.
  public init(path: String) throws {
    file = try FileDescriptor(ownFile: path, flags: O_RDWR | O_CREAT)
    if flock(file.rawValue, LOCK_EX | LOCK_NB) != 0 {
      switch errno {
      case EWOULDBLOCK: throw Held(process: holder)
      case ENOLCK, ENOTSUP, EINVAL, ENOSYS: break
      default: throw FileError(path: path, problem: "cannot be locked", reason: FileDescriptor.lastReason())
      }
    }
    // For messages only; the lock is held without it, also where the disk is full. A file that has another name, too,
    // is not written: the other name may belong to another program.
    if file.nameCount == 1, ftruncate(file.rawValue, 0) == 0 {
      try? Array("\(getpid())\n".utf8).withUnsafeBytes { try file.overwrite($0, at: 0) }
    }
  }

  /// The process that the file says holds the lock.
  private var holder: Int? {
    var bytes = [UInt8](repeating: 0, count: 20)
    let count = (try? bytes.withUnsafeMutableBytes { try file.fill($0) }) ?? 0
    return Int(String(decoding: bytes.prefix(count).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
  }
}
