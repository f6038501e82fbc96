import Glibc

/// Operations on the names in the file system.
public enum Folder {
  /// Returns whether `path` is a folder, or, unless links are not followed, a link to one.
  public static func exists(_ path: String, followingLinks: Bool = true) -> Bool {
    type(of: path, followingLinks: followingLinks) == S_IFDIR
  }

  /// Returns whether `path` is an ordinary file, or a link to one.
  public static func holdsFile(_ path: String) -> Bool { type(of: path) == S_IFREG }

  private static func type(of path: String, followingLinks: Bool = true) -> mode_t? {
    var status = stat()
    return fstatat(AT_FDCWD, path, &status, followingLinks ? 0 : AT_SYMLINK_NOFOLLOW) == 0
      ? status.st_mode & S_IFMT : nil
  }

  /// Returns the folder that holds `path`: `.` for a name without one.
  public static func parent(of path: String) -> String {
    path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
  }

  /// Creates the folder `path` and the missing ones above it, and waits until their names are on the disk.
  /// - Parameter mode: The permissions of new folders, less the process's mask.
  public static func create(_ path: String, mode: mode_t = 0o777) throws(FileError) {
    if exists(path) || path.isEmpty { return }
    if path.dropFirst().contains("/") { try create(parent(of: path), mode: mode) }
    guard mkdir(path, mode) == 0 else {
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
    guard access(place, W_OK | X_OK) == 0 else {
      throw FileError(path: path, problem: "cannot be written", reason: FileDescriptor.lastReason())
    }
  }

  /// Throws where the disk of the folder that holds `path` has no space for a file of `byteCount` bytes.
  public static func requireRoom(for byteCount: Int, path: String) throws(FileError) {
    var status = statvfs()
    guard statvfs(parent(of: path), &status) == 0 else {
      throw FileError(path: path, problem: "cannot be written", reason: FileDescriptor.lastReason())
    }
    let (room, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    guard overflow || room >= UInt64(max(byteCount, 0)) else {
      throw FileError(
        path: path, problem: "cannot be written",
        reason: "it takes \(byteCount >> 20) MiB, and the disk has room for \(room >> 20) MiB")
    }
  }

  /// Waits until the names in the folder that holds `path` are on the disk, on file systems that support it.
  static func synchronize(holding path: String) throws(FileError) {
    let descriptor = try FileDescriptor(path: parent(of: path), flags: O_RDONLY)
    guard fsync(descriptor.rawValue) == 0 || errno == EINVAL else {
      throw FileError(path: path, problem: "cannot be written", reason: FileDescriptor.lastReason())
    }
  }

  /// Returns the names in the folder, sorted by their bytes, without `.` and `..`.
  public static func names(in path: String) throws(FileError) -> [String] {
    guard let stream = opendir(path) else {
      throw FileError(path: path, problem: "cannot be read", reason: FileDescriptor.lastReason())
    }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Removes the folder `path` and its contents; targets of links stay. Does nothing where there is no such folder.
  public static func remove(_ path: String) {
    for name in (try? names(in: path)) ?? [] {
      let member = "\(path)/\(name)"
      if exists(member, followingLinks: false) { remove(member) } else { unlink(member) }
    }
    rmdir(path)
  }

  /// Removes the file `path`. Does nothing where there is no such file.
  public static func removeFile(_ path: String) { unlink(path) }
}
