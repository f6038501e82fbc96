import Glibc

/// Operations on the names in the file system.
public enum Folder {
  /// Returns whether `path` is a folder, or, unless links are not followed, a link to one.
  public static func exists(_ path: String, followingLinks: Bool = true) -> Bool {
    type(of: path, followingLinks: followingLinks) == S_IFDIR
  }

  /// Returns whether `path` is an ordinary file, or a link to one.
  public static func holdsFile(_ path: String) -> Bool { type(of: path) == S_IFREG }

  /// Returns whether there is anything at `path`, or, unless links are not followed, at the end of the link there.
  public static func holdsName(_ path: String, followingLinks: Bool = true) -> Bool {
    type(of: path, followingLinks: followingLinks) != nil
  }

  /// Returns whether `path` is a symbolic link.
  static func isLink(_ path: String) -> Bool { type(of: path, followingLinks: false) == S_IFLNK }

  /// Returns the type of the file at `path`, such as `S_IFREG`; nil where there is none.
  public static func type(of path: String, followingLinks: Bool = true) -> mode_t? {
    status(of: path, followingLinks: followingLinks).map { $0.st_mode & S_IFMT }
  }

  /// Returns the attributes of the file at `path`; nil where there is none.
  public static func status(of path: String, followingLinks: Bool = true) -> stat? {
    var status = stat()
    let result = path.withPathBytes { fstatat(AT_FDCWD, $0, &status, followingLinks ? 0 : AT_SYMLINK_NOFOLLOW) }
    return result == 0 ? status : nil
  }

  /// Returns the absolute path without links, `.` and `..` of an existing file; nil where there is none.
  public static func realPath(_ path: String) -> String? {
    guard let real = path.withPathBytes({ realpath($0, nil) }) else { return nil }
    defer { free(real) }
    return String(path: real)
  }

  /// Returns the folder that holds `path`: `.` for a name without one.
  public static func parent(of path: String) -> String {
    // By bytes: a slash and a combining character after it are one `Character`.
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  }

  /// Returns the last part of `path`.
  public static func name(of path: String) -> String {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.utf8.index(after: $0)...]) } ?? path
  }

  /// Returns the path of a name in a folder.
  public static func path(of name: String, in folder: String) -> String {
    (folder.hasSuffix("/") ? folder : folder + "/") + name
  }

  /// Returns a path without the slashes at its end; that of the root stays.
  public static func withoutSlashes(_ path: String) -> String {
    var path = path[...]
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return String(path)
  }

  /// Creates the folder `path` and the missing ones above it, and waits until their names are on the disk.
  /// - Parameter mode: The permissions of new folders, less the process's mask.
  public static func create(_ path: String, mode: mode_t = 0o777) throws(FileError) {
    if exists(path) || path.isEmpty { return }
    if path.dropFirst().utf8.contains(UInt8(ascii: "/")) { try create(parent(of: path), mode: mode) }
    guard path.withPathBytes({ mkdir($0, mode) }) == 0 else {
      let reason = FileDescriptor.lastReason()
      // Another process may have created it meanwhile.
      if exists(path) { return }
      throw FileError(path: path, problem: "cannot be made", reason: reason)
    }
    try synchronize(holding: path)
  }

  /// Throws where `create` would fail, or where no file could be written into the folder, as far as that can be found
  /// out without writing: for use before a long computation.
  public static func requireWritable(_ path: String) throws(FileError) {
    var place = path
    while !exists(place) {
      guard type(of: place) == nil else {
        throw FileError(path: path, problem: "cannot be made", reason: "\(place) is no folder")
      }
      place = parent(of: place)
    }
    guard place.withPathBytes({ access($0, W_OK | X_OK) }) == 0 else {
      throw FileError(path: path, problem: "cannot be written", reason: FileDescriptor.lastReason())
    }
  }

  /// Returns the bytes that are free for this user on the disk of the folder `path`; nil where there is no such folder.
  public static func room(in path: String) -> Int? {
    var status = statvfs()
    guard path.withPathBytes({ statvfs($0, &status) }) == 0 else { return nil }
    let (room, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return overflow ? .max : Int(clamping: room)
  }

  /// Throws where the disk of the folder that holds `path` has no space for a file of `byteCount` bytes.
  public static func requireRoom(for byteCount: Int, path: String) throws(FileError) {
    guard let room = room(in: parent(of: path)) else {
      throw FileError(path: path, problem: "cannot be written", reason: FileDescriptor.lastReason())
    }
    guard room >= byteCount else {
      // A small room would be 0 MiB.
      let (shift, unit) = room < 10 << 20 ? (10, "KiB") : (20, "MiB")
      throw FileError(
        path: path, problem: "cannot be written",
        reason: "it takes \(byteCount >> shift) \(unit), and the disk has room for \(room >> shift) \(unit)")
    }
  }

  /// Waits until the names in the folder that holds `path` are on the disk, where the file system supports it and the
  /// folder may be read: one that may only be written gives no descriptor to wait by.
  static func synchronize(holding path: String) throws(FileError) {
    if let names = try descriptor(holding: path) { try synchronize(names) }
  }

  /// Returns a descriptor of the folder that holds `path`, for `synchronize(_:)`; nil where the folder may only be
  /// written.
  static func descriptor(holding path: String) throws(FileError) -> FileDescriptor? {
    do throws(FileError) {
      return try FileDescriptor(path: parent(of: path), flags: O_RDONLY)
    } catch {
      if error.isForbidden { return nil }
      throw error
    }
  }

  /// Waits until the names in a folder are on the disk, where the file system supports it.
  static func synchronize(_ folder: borrowing FileDescriptor) throws(FileError) {
    guard fsync(folder.rawValue) == 0 || errno == EINVAL else {
      throw FileError(path: folder.path, problem: "cannot be written", reason: FileDescriptor.lastReason())
    }
  }

  /// Returns the names in the folder, sorted by their bytes, without `.` and `..`.
  /// - Parameter followingLinks: Whether `path` may be a link to a folder.
  public static func names(in path: String, followingLinks: Bool = true) throws(FileError) -> [String] {
    let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (followingLinks ? 0 : O_NOFOLLOW)
    let descriptor = path.withPathBytes { open($0, flags) }
    guard descriptor >= 0, let stream = fdopendir(descriptor) else {
      let reason = FileDescriptor.lastReason()
      if descriptor >= 0 { close(descriptor) }
      throw FileError(path: path, problem: "cannot be read", reason: reason)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in String(pathBytes: bytes.prefix { $0 != 0 }) }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Removes the folder `path` and its contents. Targets of links stay, also where `path` itself is a link, which is
  /// then removed. Does nothing where there is no such folder.
  public static func remove(_ path: String) {
    if isLink(path) { return removeFile(path) }
    for name in (try? names(in: path, followingLinks: false)) ?? [] {
      let member = "\(path)/\(name)"
      if exists(member, followingLinks: false) { remove(member) } else { removeFile(member) }
    }
    _ = path.withPathBytes { rmdir($0) }
  }

  /// Removes the file `path`, and not the target where it is a link. Does nothing where there is no such file.
  public static func removeFile(_ path: String) { _ = path.withPathBytes { unlink($0) } }

  /// Removes the folder `path` if it is empty. Does nothing otherwise.
  public static func removeIfEmpty(_ path: String) { _ = path.withPathBytes { rmdir($0) } }
}
