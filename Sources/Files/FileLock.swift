import Glibc

/// A lock that one process at a time holds, by a file of its own. The system gives it back when the owner goes or the process
/// ends, in whatever way; the file stays.
public final class FileLock: Sendable {
  /// Somebody else holds the lock.
  public struct Held: Error, Equatable {
    /// What the file says of the process that holds it; nil where it says nothing.
    public let process: Int?
  }

  private let file: FileDescriptor

  /// Takes the lock without waiting. File systems that know no locks let everybody have it.
  /// - Throws: `Held` or `FileError`.
  public init(path: String) throws {
    file = try FileDescriptor(path: path, flags: O_RDWR | O_CREAT)
    if flock(file.rawValue, LOCK_EX | LOCK_NB) != 0 {
      switch errno {
      case EWOULDBLOCK: throw Held(process: holder)
      case ENOLCK, ENOTSUP, EINVAL, ENOSYS: break
      default: throw FileError(path: path, problem: "cannot be locked", reason: FileDescriptor.lastReason())
      }
    }
    // For people and messages; the lock holds without it, also where the disk is full.
    if ftruncate(file.rawValue, 0) == 0 {
      try? Array("\(getpid())\n".utf8).withUnsafeBytes { try file.overwrite($0, at: 0) }
    }
  }

  /// The process that the file names.
  private var holder: Int? {
    var bytes = [UInt8](repeating: 0, count: 20)
    let count = (try? bytes.withUnsafeMutableBytes { try file.fill($0) }) ?? 0
    return Int(String(decoding: bytes.prefix(count).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self))
  }
}
