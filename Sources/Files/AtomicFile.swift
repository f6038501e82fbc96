import Glibc

/// A file that appears under its name only when it is complete. Without `commit` nothing is left, and an existing file
/// of the name stays as it was.
///
/// Where the file system supports it, the bytes go to a file without a name, which the system removes when the process
/// ends in any way. Elsewhere they go to a temporary file in the same folder, `NAME.NUMBER.tmp`, which is left where
/// the process is killed. A file that is replaced has such a name for a moment on every file system, as a whole copy.
/// `removeLeftovers` removes either later.
public struct AtomicFile: ~Copyable {
  private let file: FileDescriptor
  private let path: String
  /// The path of the temporary file; nil where the file has no name.
  private let temporary: String?
  private var isCommitted = false

  /// Begins a file. Existing files that are not ordinary ones, such as devices, are refused.
  /// - Parameters:
  ///   - mode: The file's permissions, less the process's mask.
  ///   - followingLinks: Whether a symbolic link at `path` is followed, so that its target is replaced and not the
  ///     link: for names from the command line. A link under a name that the program owns is replaced itself.
  public init(path: String, mode: mode_t = 0o666, followingLinks: Bool = true) throws(FileError) {
    try self.init(path: path, mode: mode, followingLinks: followingLinks, isNamed: false)
  }

  /// - Parameter isNamed: Whether a temporary file is used also where the file system has files without names.
  init(path: String, mode: mode_t = 0o666, followingLinks: Bool = true, isNamed: Bool) throws(FileError) {
    self.path = followingLinks ? Folder.realPath(path) ?? path : path
    do throws(FileError) {
      try Self.requireOrdinaryFile(self.path, followingLinks: followingLinks)
      if !isNamed, let unnamed = Self.unnamedFile(in: Folder.parent(of: self.path), mode) {
        file = unnamed
        temporary = nil
      } else {
        file = try Self.namedFile(for: self.path, mode)
        temporary = file.path
      }
    } catch {
      throw FileError(path: path, problem: "cannot be written", reason: error.reason)
    }
  }

  /// Returns a file without a name; nil where the file system has none, or where it could not be given a name.
  private static func unnamedFile(in folder: String, _ mode: mode_t) -> FileDescriptor? {
    // O_TMPFILE, a macro that Swift does not import.
    let flags = O_WRONLY | O_DIRECTORY | 0o20_000_000
    guard Folder.exists(descriptors) else { return nil }
    guard let file = try? FileDescriptor(path: folder, flags: flags, mode: mode) else { return nil }
    // For the moment in which `replace` gives it a temporary name.
    _ = file.takeLock()
    return file
  }

  /// Creates a temporary file, whose lock tells `removeLeftovers` of another process that it is in use.
  private static func namedFile(for path: String, _ mode: mode_t) throws(FileError) -> FileDescriptor {
    while true {
      let file = try withTemporaryName(for: path) { temporary throws(FileError) in
        try FileDescriptor(path: temporary, flags: O_WRONLY | O_CREAT | O_EXCL, mode: mode)
      }
      // The other process may have found it before it was locked, and removes it.
      let isHeld = !file.takeLock() && errno == EWOULDBLOCK
      if !isHeld && !file.isRemoved { return file }
    }
  }

  /// The folder of links to this process's open files.
  private static let descriptors = "/proc/self/fd"

  /// Calls `create` with temporary names until one is not taken: an existing file may be another process's, or a link
  /// to some other place.
  private static func withTemporaryName<Result: ~Copyable>(
    for path: String, _ create: (String) throws(FileError) -> Result
  ) throws(FileError) -> Result {
    var number = UInt32(bitPattern: getpid())
    while true {
      let temporary = temporaryPath(for: path, number)
      do throws(FileError) {
        return try create(temporary)
      } catch {
        guard Folder.holdsName(temporary, followingLinks: false) else { throw error }
        number = .random(in: 0...UInt32.max)
      }
    }
  }

  /// Returns a path in the same folder whose name is not too long for it.
  private static func temporaryPath(for path: String, _ number: UInt32) -> String {
    let start = path.utf8.lastIndex(of: UInt8(ascii: "/")).map(path.utf8.index(after:)) ?? path.startIndex
    let end = ".\(number).tmp"
    var name = path[start...]
    // The end is kept because it holds the extension.
    while name.utf8.count + end.utf8.count > Int(NAME_MAX) { name.removeFirst() }
    return path[..<start] + name + end
  }

  private static func requireOrdinaryFile(_ path: String, followingLinks: Bool) throws(FileError) {
    let type = Folder.type(of: path, followingLinks: followingLinks)
    if type == nil || type == S_IFREG || type == S_IFLNK { return }
    throw FileError(path: path, problem: "cannot be written", reason: "it is no ordinary file")
  }

  deinit {
    if let temporary, !isCommitted { Folder.removeFile(temporary) }
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
    // Opened before the file has its name: one that has it is not an error for lack of a descriptor.
    let folder = try Folder.descriptor(holding: path)
    if let temporary, isReplacing {
      try Self.rename(temporary, to: path)
      isCommitted = true
    } else if isReplacing {
      try replace()
    } else {
      try linkOrRename()
    }
    if let folder { try Folder.synchronize(folder) }
  }

  /// The reason of the error of `commit` where a file is not replaced.
  public static let isTaken = "it is already there"

  private static func rename(_ source: String, to target: String) throws(FileError) {
    let result = source.withPathBytes { source in target.withPathBytes { Glibc.rename(source, $0) } }
    guard result == 0 else {
      throw FileError(path: target, problem: "cannot be written", reason: FileDescriptor.lastReason())
    }
  }

  /// Gives the file a name, in addition to the temporary one where it has one. Unlike `rename`, this fails where the
  /// name is taken.
  private func link(as name: String) throws(FileError) {
    let result =
      if let temporary {
        temporary.withPathBytes { source in name.withPathBytes { Glibc.link(source, $0) } }
      } else {
        "\(Self.descriptors)/\(file.rawValue)".withPathBytes { source in
          name.withPathBytes { linkat(AT_FDCWD, source, AT_FDCWD, $0, AT_SYMLINK_FOLLOW) }
        }
      }
    guard result == 0 else {
      let isTaken = errno == EEXIST
      throw FileError(
        path: path, problem: "cannot be written", reason: isTaken ? Self.isTaken : FileDescriptor.lastReason())
    }
  }

  /// Gives a file without a name its name, which may be taken.
  private func replace() throws(FileError) {
    do throws(FileError) { return try link(as: path) } catch {
      guard error.reason == Self.isTaken else { throw error }
    }
    let temporary = try Self.withTemporaryName(for: path) { name throws(FileError) in
      try link(as: name)
      return name
    }
    do throws(FileError) {
      try Self.rename(temporary, to: path)
    } catch {
      Folder.removeFile(temporary)
      throw error
    }
  }

  /// Gives the file its name, which is not taken; `deinit` removes the temporary one.
  private func linkOrRename() throws(FileError) {
    do throws(FileError) {
      try link(as: path)
    } catch {
      if Folder.holdsName(path, followingLinks: false) {
        throw FileError(path: path, problem: "cannot be written", reason: Self.isTaken)
      }
      // Some file systems have no hard links.
      guard let temporary else { throw error }
      try Self.rename(temporary, to: path)
    }
  }

  /// Returns whether `name` is one of a temporary file, left by a process that was killed while it wrote.
  /// - Parameter isOurs: whether this program writes files of a name.
  public static func isLeftover(_ name: String, where isOurs: (String) -> Bool) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count > 2, parts.last == "tmp", Int(parts[parts.count - 2]) != nil else { return false }
    return isOurs(parts.dropLast(2).joined(separator: "."))
  }

  /// Removes temporary files of processes that were killed while they wrote into `folder`. Those that another process
  /// writes now are locked, and stay; so do all where the file system has no locks.
  /// - Parameter isOurs: Whether this program writes files of a name.
  public static func removeLeftovers(in folder: String, where isOurs: (String) -> Bool) {
    for name in (try? Folder.names(in: folder)) ?? [] where isLeftover(name, where: isOurs) {
      let path = "\(folder)/\(name)"
      // Locks of network file systems need a file that is open for writing.
      guard let file = try? FileDescriptor(ownFile: path, flags: O_RDWR), file.takeLock() else { continue }
      Folder.removeFile(path)
    }
  }

  /// Writes `bytes` as the whole file at `path`.
  /// - Parameters:
  ///   - mode: The file's permissions, less the process's mask.
  ///   - followingLinks: See `init`.
  public static func write(
    _ bytes: [UInt8], to path: String, mode: mode_t = 0o666, followingLinks: Bool = true
  ) throws(FileError) {
    let file = try AtomicFile(path: path, mode: mode, followingLinks: followingLinks)
    try file.append(bytes)
    try file.commit()
  }

  /// Writes several files under names that the program owns, of which none appears before the bytes of all are on the
  /// disk: a full disk leaves the existing files as they were.
  public static func write(_ files: [(path: String, bytes: [UInt8])]) throws(FileError) { try write(files[...]) }

  private static func write(_ files: ArraySlice<(path: String, bytes: [UInt8])>) throws(FileError) {
    guard let (path, bytes) = files.first else { return }
    let file = try AtomicFile(path: path, followingLinks: false)
    try file.append(bytes)
    try file.synchronize()
    try write(files.dropFirst())
    try file.commit()
  }
}
