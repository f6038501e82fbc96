import Glibc

/// A file that appears under its name only when it is complete: its bytes go to a temporary file in the same folder,
/// which `commit` renames. Without `commit` the temporary file is removed, and an existing file of the name stays as it
/// was.
public struct AtomicFile: ~Copyable {
  private let file: FileDescriptor
  private let path: String
  private var isCommitted = false

  /// Creates the temporary file, `path.NUMBER.tmp`; of a name that would be too long, only the end is kept. Symbolic
  /// links are followed, so that the target is replaced and not the link. Existing files that are not ordinary ones,
  /// such as devices, are refused.
  /// - Parameter mode: The file's permissions, less the process's mask.
  public init(path: String, mode: mode_t = 0o666) throws(FileError) {
    self.path = Self.resolved(path)
    do {
      try Self.requireOrdinaryFile(self.path)
      file = try Self.temporaryFile(for: self.path, mode)
    } catch {
      throw FileError(path: path, problem: "cannot be written", reason: error.reason)
    }
  }

  /// Creates a file of a new name: an existing file may be another process's, or a link to some other place.
  private static func temporaryFile(for path: String, _ mode: mode_t) throws(FileError) -> FileDescriptor {
    var number = UInt32(bitPattern: getpid())
    while true {
      let temporary = temporaryPath(for: path, number)
      do {
        return try FileDescriptor(path: temporary, flags: O_WRONLY | O_CREAT | O_EXCL, mode: mode)
      } catch {
        var status = stat()
        guard lstat(temporary, &status) == 0 else { throw error }
        number = .random(in: 0...UInt32.max)
      }
    }
  }

  /// Returns a path in the same folder whose name is not too long for it.
  private static func temporaryPath(for path: String, _ number: UInt32) -> String {
    let start = path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex
    let end = ".\(number).tmp"
    var name = path[start...]
    // The end is kept because it holds the extension.
    while name.utf8.count + end.utf8.count > Int(NAME_MAX) { name.removeFirst() }
    return path[..<start] + name + end
  }

  private static func requireOrdinaryFile(_ path: String) throws(FileError) {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG else { return }
    throw FileError(path: path, problem: "cannot be written", reason: "it is no ordinary file")
  }

  /// Returns the end of a chain of links; the path itself where it does not exist yet.
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
    do { try file.append(bytes) } catch { throw naming(error) }
  }

  /// Writes `bytes` at the place `offset` of the file. A gap before them is zero until it is written.
  public func overwrite(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileError) {
    do { try file.overwrite(bytes, at: offset) } catch { throw naming(error) }
  }

  /// Appends `bytes`.
  public func append(_ bytes: [UInt8]) throws(FileError) {
    try bytes.withUnsafeBufferPointer { bytes throws(FileError) in try append(UnsafeRawBufferPointer(bytes)) }
  }

  /// Writes `bytes` at the place `offset` of the file. A gap before them is zero until it is written.
  public func overwrite(_ bytes: [UInt8], at offset: Int) throws(FileError) {
    try bytes.withUnsafeBufferPointer { bytes throws(FileError) in
      try overwrite(UnsafeRawBufferPointer(bytes), at: offset)
    }
  }

  /// Waits until the bytes are on the disk. After that, `commit` cannot fail for lack of space.
  public func synchronize() throws(FileError) {
    do { try file.synchronize() } catch { throw naming(error) }
  }

  /// Returns an error of the temporary file as one of the file itself.
  private func naming(_ error: FileError) -> FileError {
    FileError(path: path, problem: error.problem, reason: error.reason)
  }

  /// Gives the file its name once its bytes are on the disk, and waits until the name is on the disk.
  /// - Parameter isReplacing: whether an existing file is replaced; if not, it is an error.
  public consuming func commit(isReplacing: Bool = true) throws(FileError) {
    try synchronize()
    if isReplacing {
      guard rename(file.path, path) == 0 else {
        throw FileError(path: path, problem: "cannot be written", reason: FileDescriptor.lastReason())
      }
      isCommitted = true
    } else {
      // Unlike rename, this fails where the name exists; `deinit` removes the temporary name.
      try link()
    }
    try Folder.synchronize(holding: path)
  }

  /// Gives the file its name in addition to the temporary one.
  private func link() throws(FileError) {
    if Glibc.link(file.path, path) == 0 { return }
    var status = stat()
    let exists = errno == EEXIST || lstat(path, &status) == 0
    // Some file systems have no hard links.
    guard !exists, rename(file.path, path) == 0 else {
      throw FileError(
        path: path, problem: "cannot be written", reason: exists ? "it is already there" : FileDescriptor.lastReason())
    }
  }

  /// Returns whether `name` is one of a temporary file, left by a process that was killed while it wrote.
  /// - Parameter isOurs: whether this program writes files of a name.
  public static func isLeftover(_ name: String, where isOurs: (String) -> Bool) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count > 2, parts.last == "tmp", Int(parts[parts.count - 2]) != nil else { return false }
    return isOurs(parts.dropLast(2).joined(separator: "."))
  }

  /// Writes `bytes` as the whole file at `path`.
  /// - Parameter mode: The file's permissions, less the process's mask.
  public static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o666) throws(FileError) {
    let file = try AtomicFile(path: path, mode: mode)
    try file.append(bytes)
    try file.commit()
  }

  /// Writes several files, of which none appears under its name before the bytes of all are on the disk: a full disk
  /// leaves the existing files as they were.
  public static func write(_ files: [(path: String, bytes: [UInt8])]) throws(FileError) { try write(files[...]) }

  private static func write(_ files: ArraySlice<(path: String, bytes: [UInt8])>) throws(FileError) {
    guard let (path, bytes) = files.first else { return }
    let file = try AtomicFile(path: path)
    try file.append(bytes)
    try file.synchronize()
    try write(files.dropFirst())
    try file.commit()
  }
}
