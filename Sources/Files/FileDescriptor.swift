import Glibc

/// An open file; closed when the owner goes.
public struct FileDescriptor: ~Copyable, Sendable {
  /// The number the system knows it by; negative never.
  public let rawValue: Int32
  public let path: String

  /// Opens `path` with the flags of open(2); a file that this creates can be read by everybody.
  public init(path: String, flags: Int32, problem: String = "cannot be opened") throws(FileError) {
    let descriptor = open(path, flags | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError(path: path, problem: problem, reason: Self.lastReason()) }
    rawValue = descriptor
    self.path = path
  }

  deinit { _ = close(rawValue) }

  /// The system's words for the last error of this thread.
  public static func lastReason() -> String { String(cString: strerror(errno)) }

  /// Bytes in the file.
  public func byteCount() throws(FileError) -> Int {
    var status = stat()
    guard fstat(rawValue, &status) == 0 else {
      throw FileError(path: path, problem: "cannot be read", reason: Self.lastReason())
    }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw FileError(path: path, problem: "cannot be read", reason: "it is a folder")
    }
    return Int(status.st_size)
  }

  /// Reads until `bytes` is full or the file ends. Returns how many bytes were read.
  public func fill(_ bytes: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    var filled = 0
    while filled < bytes.count {
      let room = UnsafeMutableRawBufferPointer(rebasing: bytes[filled...])
      let count = read(rawValue, room.baseAddress, room.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(path: path, problem: "cannot be read", reason: Self.lastReason())
      }
      if count == 0 { return filled }
      filled += count
    }
    return filled
  }

  /// Writes all of `bytes` at the file's position.
  public func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    var written = 0
    while written < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
      let count = write(rawValue, rest.baseAddress, rest.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(path: path, problem: "cannot be written", reason: Self.lastReason())
      }
      written += count
    }
  }

  /// Fills `bytes` from the place `offset` of the file, wherever its position is.
  public func fill(_ bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
    var filled = 0
    while filled < bytes.count {
      let room = UnsafeMutableRawBufferPointer(rebasing: bytes[filled...])
      let count = pread(rawValue, room.baseAddress, room.count, off_t(offset + filled))
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(path: path, problem: "cannot be read", reason: Self.lastReason())
      }
      guard count > 0 else { throw FileError(path: path, problem: "cannot be read", reason: "it ends too early") }
      filled += count
    }
  }

  /// Writes all of `bytes` at the place `offset` of the file, wherever its position is.
  public func overwrite(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    var written = 0
    while written < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[written...])
      let count = pwrite(rawValue, rest.baseAddress, rest.count, off_t(offset + written))
      if count < 0 {
        if errno == EINTR { continue }
        throw FileError(path: path, problem: "cannot be written", reason: Self.lastReason())
      }
      written += count
    }
  }

  /// Waits until what was written is on the disk.
  public func synchronize() throws(FileError) {
    guard fsync(rawValue) == 0 else {
      throw FileError(path: path, problem: "cannot be written", reason: Self.lastReason())
    }
  }
}
