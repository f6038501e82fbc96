import Glibc

/// A file that appears under its name only when it is whole: bytes go to a temporary file beside it, which `commit`
/// puts in the name's place. Without `commit` nothing stays, and what had the name before is untouched.
public struct AtomicFile: ~Copyable {
  private let file: FileDescriptor
  private let path: String
  private var isCommitted = false

  /// Opens the temporary file, `path.PID.tmp`. A link is followed, so that its target is replaced and not the link; what
  /// is there and no ordinary file, such as a device, is refused.
  public init(path: String) throws(FileError) {
    self.path = Self.resolved(path)
    do {
      try Self.requireOrdinaryFile(self.path)
      file = try FileDescriptor(path: "\(self.path).\(getpid()).tmp", flags: O_WRONLY | O_CREAT | O_TRUNC)
    } catch {
      throw FileError(path: path, problem: "cannot be written", reason: error.reason)
    }
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
  public consuming func commit() throws(FileError) {
    try synchronize()
    guard rename(file.path, path) == 0 else {
      throw FileError(path: path, problem: "cannot be written", reason: FileDescriptor.lastReason())
    }
    isCommitted = true
    try Folder.synchronize(holding: path)
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
