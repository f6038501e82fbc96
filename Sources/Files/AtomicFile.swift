import Glibc

/// A file that appears under its name only when it is whole: bytes go to a temporary file beside it, which `commit`
/// puts in the name's place. Without `commit` nothing stays, and what had the name before is untouched.
public struct AtomicFile: ~Copyable {
  private let file: FileDescriptor
  private let path: String
  private var isCommitted = false

  /// Opens the temporary file, `path.NUMBER.tmp`, of a long name its end only. A link is followed, so that its target is replaced and not the link; what
  /// is there and no ordinary file, such as a device, is refused.
  public init(path: String) throws(FileError) {
    self.path = Self.resolved(path)
    do {
      try Self.requireOrdinaryFile(self.path)
      file = try Self.temporaryFile(for: self.path)
    } catch {
      throw FileError(path: path, problem: "cannot be written", reason: error.reason)
    }
  }

  /// A file that nobody else has: what lies there already may be another writer's, or a link that leads elsewhere.
  private static func temporaryFile(for path: String) throws(FileError) -> FileDescriptor {
    var number = UInt32(bitPattern: getpid())
    while true {
      let temporary = temporaryPath(for: path, number)
      do {
        return try FileDescriptor(path: temporary, flags: O_WRONLY | O_CREAT | O_EXCL)
      } catch {
        var status = stat()
        guard lstat(temporary, &status) == 0 else { throw error }
        number = .random(in: 0...UInt32.max)
      }
    }
  }

  /// In the same folder, with a name that is not too long for it.
  private static func temporaryPath(for path: String, _ number: UInt32) -> String {
    let start = path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex
    let end = ".\(number).tmp"
    var name = path[start...]
    // The end stays, for it says what kind of file it is.
    while name.utf8.count + end.utf8.count > Int(NAME_MAX) { name.removeFirst() }
    return path[..<start] + name + end
  }

  private static func requireOrdinaryFile(_ path: String) throws(FileError) {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG else { return }
    throw FileError(path: path, problem: "cannot be written", reason: "it is no ordinary file")
  }

  /// Where a chain of links ends; the path itself where nothing is there yet.
  private static func resolved(_ path: String) -> String {
    guard let target = realpath(path, nil) else { return path }
    defer { free(target) }
    return String(cString: target)
  }

  deinit {
    if !isCommitted { unlink(file.path) }
  }

  /// Appends `bytes`.
  public func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    do {
      try file.append(bytes)
    } catch {
      throw FileError(path: path, problem: error.problem, reason: error.reason)
    }
  }

  /// Writes `bytes` at the place `offset` of the file; what lies between is zero until it is written.
  public func overwrite(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    do {
      try file.overwrite(bytes, at: offset)
    } catch {
      throw FileError(path: path, problem: error.problem, reason: error.reason)
    }
  }

  /// Waits until the bytes are on the disk: from here on no lack of room can keep `commit` from working.
  public func synchronize() throws(FileError) {
    do {
      try file.synchronize()
    } catch {
      throw FileError(path: path, problem: error.problem, reason: error.reason)
    }
  }

  /// Puts the file under its name, once its bytes are on the disk, and waits until the name is there too.
  /// - Parameter isReplacing: whether what has the name is replaced; if not, it is an error.
  public consuming func commit(isReplacing: Bool = true) throws(FileError) {
    try synchronize()
    if isReplacing {
      guard rename(file.path, path) == 0 else {
        throw FileError(path: path, problem: "cannot be written", reason: FileDescriptor.lastReason())
      }
      isCommitted = true
    } else {
      // Unlike rename, this fails where the name is taken; the temporary name goes with the owner.
      try link()
    }
    try Folder.synchronize(holding: path)
  }

  /// Gives the file its name beside the temporary one.
  private func link() throws(FileError) {
    if Glibc.link(file.path, path) == 0 { return }
    var status = stat()
    let isTaken = errno == EEXIST || lstat(path, &status) == 0
    // Some file systems know no second name of a file.
    guard !isTaken, rename(file.path, path) == 0 else {
      throw FileError(
        path: path, problem: "cannot be written", reason: isTaken ? "it is already there" : FileDescriptor.lastReason())
    }
  }

  /// Whether a file of this name is what a process that was killed while it wrote has left beside its place.
  /// - Parameter isOurs: whether files of a name are written by this program.
  public static func isLeftover(_ name: String, where isOurs: (String) -> Bool) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count > 2, parts.last == "tmp", Int(parts[parts.count - 2]) != nil else { return false }
    return isOurs(parts.dropLast(2).joined(separator: "."))
  }

  /// Writes `bytes` as the whole file at `path`.
  public static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    let file = try AtomicFile(path: path)
    try bytes.withUnsafeBufferPointer { buffer throws(FileError) in try file.append(UnsafeRawBufferPointer(buffer)) }
    try file.commit()
  }
}
