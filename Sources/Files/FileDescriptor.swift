import Glibc

/// A file or folder that could not be read or written. `description` is one line that names it.
public struct FileError: Error, Equatable, CustomStringConvertible {
  /// The operation that failed: `cannot be read`.
  public let problem: String
  public let path: String
  /// The system's reason: `No such file or directory`.
  public let reason: String

  public init(path: String, problem: String, reason: String) {
    self.path = path
    self.problem = problem
    self.reason = reason
  }

  public var description: String { "\(path): \(problem): \(reason)" }

  /// Whether the system ran out of file descriptors or memory, so that nothing is wrong with the file.
  public var isShortage: Bool { isOne(of: [EMFILE, ENFILE, ENOMEM]) }

  /// Whether the disk, or this user's share of it, is full, so that other files find no room there either.
  public var isFullDisk: Bool { isOne(of: [ENOSPC, EDQUOT]) }

  /// Whether the system refused because the user may not do this.
  var isForbidden: Bool { isOne(of: [EACCES]) }

  private func isOne(of errors: [Int32]) -> Bool { errors.contains { reason == String(cString: strerror($0)) } }
}

/// An open file, closed by `deinit`.
public struct FileDescriptor: ~Copyable, Sendable {
  /// The system's number of the file; never negative.
  public let rawValue: Int32
  public let path: String

  /// Opens `path` with the flags of open(2).
  /// - Parameter mode: The permissions of a new file, less the process's mask.
  public init(
    path: String, flags: Int32, mode: mode_t = 0o666, problem: String = "cannot be opened"
  ) throws(FileError) {
    let descriptor = path.withPathBytes { open($0, flags | O_CLOEXEC, mode) }
    guard descriptor >= 0 else { throw FileError(path: path, problem: problem, reason: Self.lastReason()) }
    rawValue = descriptor
    self.path = path
  }

  /// Opens the ordinary file `path` for reading. Anything else is refused at once: opening a pipe would wait for its
  /// writer.
  public init(readingOrdinaryFile path: String) throws(FileError) {
    // O_NONBLOCK concerns the opening of pipes and devices only.
    let file = try FileDescriptor(path: path, flags: O_RDONLY | O_NONBLOCK, problem: "cannot be read")
    // Throws for a folder, with a reason of its own.
    _ = try file.byteCount()
    guard file.isOrdinaryFile else { throw file.readError("it is no ordinary file") }
    self = file
  }

  /// Opens or makes an ordinary file under a name that the program owns, such as that of a lock. A link there is
  /// refused, because its target is not the program's, and so is anything else that is no ordinary file.
  public init(ownFile path: String, flags: Int32) throws(FileError) {
    let problem = "cannot be opened"
    let file: FileDescriptor
    do {
      // O_NONBLOCK concerns the opening of pipes and devices only.
      file = try FileDescriptor(path: path, flags: flags | O_NOFOLLOW | O_NONBLOCK, problem: problem)
    } catch {
      guard Folder.isLink(path) else { throw error }
      throw FileError(path: path, problem: problem, reason: "it is a link, which is not followed; remove it")
    }
    guard file.isOrdinaryFile else {
      throw FileError(path: path, problem: problem, reason: "it is no ordinary file")
    }
    self = file
  }

  /// Duplicates an open descriptor, such as standard input, and calls it `name`. The copy shares its position. Opening
  /// `/dev/stdin` instead fails for a socket, and for a file that this user may not open.
  public init(duplicating descriptor: Int32, name: String, problem: String = "cannot be read") throws(FileError) {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1)
    guard copy >= 0 else { throw FileError(path: name, problem: problem, reason: Self.lastReason()) }
    rawValue = copy
    path = name
  }

  deinit { _ = close(rawValue) }

  /// The system's description of this thread's last error.
  public static func lastReason() -> String { String(cString: strerror(errno)) }

  private func readError(_ reason: String = lastReason()) -> FileError {
    FileError(path: path, problem: "cannot be read", reason: reason)
  }

  private func writeError(_ reason: String = lastReason()) -> FileError {
    FileError(path: path, problem: "cannot be written", reason: reason)
  }

  private var isOrdinaryFile: Bool {
    var status = stat()
    return fstat(rawValue, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// The number of names of the file in its file system.
  var nameCount: Int {
    var status = stat()
    return fstat(rawValue, &status) == 0 ? Int(status.st_nlink) : 0
  }

  /// Whether the file has lost its name, so that another process may make one of the same name.
  var isRemoved: Bool { nameCount == 0 && !Folder.holdsName(path, followingLinks: false) }

  /// Takes the advisory lock of the open file without waiting. Returns whether it is taken; false also where the file
  /// system has no locks.
  func takeLock() -> Bool { flock(rawValue, LOCK_EX | LOCK_NB) == 0 }

  /// Opens or makes an ordinary file under a name that the program owns and takes its advisory lock, where the file
  /// system has locks. The process that holds the lock may remove the file.
  /// - Parameter isWaiting: Whether this waits until no other process holds the lock.
  /// - Returns: The file; nil where it does not wait and another process holds the lock.
  public static func locked(ownFile path: String, isWaiting: Bool = false) throws(FileError) -> FileDescriptor? {
    while true {
      let file = try FileDescriptor(ownFile: path, flags: O_RDWR | O_CREAT)
      let result = flock(file.rawValue, LOCK_EX | (isWaiting ? 0 : LOCK_NB))
      if result != 0, errno == EWOULDBLOCK { return nil }
      if result != 0, errno == EINTR { continue }
      // The process that held the lock removed the file, and the next one locks another.
      if !file.isRemoved { return file }
    }
  }

  /// Returns the number of bytes in the file.
  public func byteCount() throws(FileError) -> Int {
    var status = stat()
    guard fstat(rawValue, &status) == 0 else { throw readError() }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw readError("it is a folder") }
    return Int(status.st_size)
  }

  /// Reads from the file's position until `bytes` is full or the file ends. Returns the number of bytes read.
  public func fill(_ bytes: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
    try Self.transfer(bytes.count, on: rawValue, POLLIN) { start in
      read(rawValue, bytes.baseAddress.map { $0 + start }, bytes.count - start)
    } orThrow: {
      readError()
    }
  }

  /// Fills `bytes` from the place `offset` of the file; its position stays. A file that ends earlier is an error.
  public func fill(_ bytes: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) {
    let filled = try Self.transfer(bytes.count, on: rawValue, POLLIN) { start in
      pread(rawValue, bytes.baseAddress.map { $0 + start }, bytes.count - start, off_t(offset + start))
    } orThrow: {
      readError()
    }
    guard filled == bytes.count else { throw readError("it ends too early") }
  }

  /// Writes all of `bytes` at the file's position.
  public func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    let written = try Self.transfer(bytes.count, on: rawValue, POLLOUT) { start in
      write(rawValue, bytes.baseAddress.map { $0 + start }, bytes.count - start)
    } orThrow: {
      writeError()
    }
    guard written == bytes.count else { throw writeError("it takes no more bytes") }
  }

  /// Writes all of `bytes` at the place `offset` of the file; its position stays.
  public func overwrite(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    let written = try Self.transfer(bytes.count, on: rawValue, POLLOUT) { start in
      pwrite(rawValue, bytes.baseAddress.map { $0 + start }, bytes.count - start, off_t(offset + start))
    } orThrow: {
      writeError()
    }
    guard written == bytes.count else { throw writeError("it takes no more bytes") }
  }

  /// Repeats `part`, which transfers some of the bytes from a start on, until `byteCount` are transferred or it
  /// returns 0. Returns the number of bytes transferred.
  /// - Parameter event: The event that a descriptor that does not block waits for: `POLLIN` or `POLLOUT`.
  private static func transfer(
    _ byteCount: Int, on descriptor: Int32, _ event: Int32, _ part: (Int) -> Int, orThrow error: () -> FileError
  ) throws(FileError) -> Int {
    var transferred = 0
    while transferred < byteCount {
      let count = part(transferred)
      if count == 0 { break }
      if count > 0 {
        transferred += count
      } else if errno == EAGAIN {
        wait(for: event, on: descriptor)
      } else if errno != EINTR {
        throw error()
      }
    }
    return transferred
  }

  /// Waits until a descriptor that does not block, as a pipe or socket inherited from another program may be, is ready
  /// for `POLLIN` or `POLLOUT`.
  public static func wait(for event: Int32, on descriptor: Int32) {
    var request = pollfd(fd: descriptor, events: Int16(event), revents: 0)
    _ = poll(&request, 1, -1)
  }

  /// Waits until all written bytes are on the disk.
  public func synchronize() throws(FileError) {
    guard fsync(rawValue) == 0 else { throw writeError() }
  }

  /// Returns the bytes from the file's position to its end, appended to `beginning`, which was read before.
  /// - Throws: `FileError`, also where there are more than `limit` bytes.
  public func readToEnd(after beginning: [UInt8] = [], limit: Int = .max) throws(FileError) -> [UInt8] {
    let tooLarge = readError("it is larger than \(limit) bytes")
    let expected = try byteCount()
    // Before memory is allocated: a file may claim any size.
    guard expected <= limit else { throw tooLarge }
    var bytes = beginning
    // One byte more than expected, so that the end of an ordinary file shows in the first read.
    var room = max(0, expected - beginning.count) + 1
    while true {
      let start = bytes.count
      bytes.append(contentsOf: repeatElement(0, count: room))
      let filled = try bytes.withUnsafeMutableBufferPointer { all throws(FileError) in
        try fill(UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: all[start...])))
      }
      bytes.removeLast(room - filled)
      guard bytes.count <= limit else { throw tooLarge }
      if filled < room { return bytes }
      room = 1 << 16
    }
  }
}

/// Returns all bytes of the file at `path`, which may be a pipe.
/// - Throws: `FileError`, also where there are more than `limit` bytes.
public func readFile(_ path: String, limit: Int = .max) throws(FileError) -> [UInt8] {
  try FileDescriptor(path: path, flags: O_RDONLY, problem: "cannot be read").readToEnd(limit: limit)
}

/// Returns all bytes of the ordinary file at `path`. Anything else is refused at once, such as a pipe, whose reading
/// would wait for its writer.
/// - Throws: `FileError`, also where there are more than `limit` bytes.
public func readOrdinaryFile(_ path: String, limit: Int = .max) throws(FileError) -> [UInt8] {
  try FileDescriptor(readingOrdinaryFile: path).readToEnd(limit: limit)
}

/// Returns the first `count` bytes of an ordinary file; fewer where it has fewer, and none where it cannot be read.
public func firstBytes(_ count: Int, of path: String) -> [UInt8] {
  guard let file = try? FileDescriptor(readingOrdinaryFile: path) else { return [] }
  var bytes = [UInt8](repeating: 0, count: count)
  let found = bytes.withUnsafeMutableBytes { (try? file.fill($0)) ?? 0 }
  return Array(bytes.prefix(found))
}

/// Returns the text of a file in UTF-8, UTF-16 or UTF-32, without a byte order mark. Bytes that are no UTF-8 are kept
/// as those of a path, which they may be of.
/// - Throws: `FileError`, also where there are more than `limit` bytes, and where the text is not what its beginning
///   says.
public func readText(_ path: String, limit: Int = .max) throws(FileError) -> String {
  try TextEncoding.text(of: try readFile(path, limit: limit), in: path)
}

/// Returns the text of an ordinary file as `readText` does; refuses others as `readOrdinaryFile` does.
public func readOrdinaryText(_ path: String, limit: Int = .max) throws(FileError) -> String {
  try TextEncoding.text(of: try readOrdinaryFile(path, limit: limit), in: path)
}
