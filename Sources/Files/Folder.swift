import Glibc

/// Questions and changes to the file system that concern names.
public enum Folder {
  /// Whether `path` is a folder, or, unless links are not followed, a link to one.
  public static func exists(_ path: String, followingLinks: Bool = true) -> Bool {
    type(of: path, followingLinks: followingLinks) == S_IFDIR
  }

  /// Whether `path` is an ordinary file, or a link to one.
  public static func holdsFile(_ path: String) -> Bool { type(of: path) == S_IFREG }

  /// Makes the folder `path`, and those above it, where they are missing, and waits until their names are on the disk.
  public static func create(_ path: String) throws(FileError) {
    if exists(path) || path.isEmpty { return }
    if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try create(String(path[..<slash])) }
    guard mkdir(path, 0o777) == 0 else {
      let reason = FileDescriptor.lastReason()
      // Somebody else may have been quicker.
      if exists(path) { return }
      throw FileError(path: path, problem: "cannot be made", reason: reason)
    }
    try synchronize(holding: path)
  }

  /// Throws where `create` would not work, or no file could be written into the folder then, as far as can be told without
  /// trying: what takes long had better not end in that.
  public static func requireWritable(_ path: String) throws(FileError) {
    var place = path
    while !exists(place) {
      guard type(of: place) == nil else {
        throw FileError(path: path, problem: "cannot be made", reason: "\(place) is no folder")
      }
      guard let slash = place.lastIndex(of: "/") else {
        place = "."
        break
      }
      place = slash == place.startIndex ? "/" : String(place[..<slash])
    }
    guard access(place, W_OK | X_OK) == 0 else {
      throw FileError(path: path, problem: "cannot be written", reason: FileDescriptor.lastReason())
    }
  }

  /// Waits until the names in the folder that holds `path` are on the disk, on file systems that can do that.
  static func synchronize(holding path: String) throws(FileError) {
    let folder: String
    switch path.lastIndex(of: "/") {
    case nil: folder = "."
    case path.startIndex: folder = "/"
    case let slash?: folder = String(path[..<slash])
    }
    let descriptor = try FileDescriptor(path: folder, flags: O_RDONLY)
    guard fsync(descriptor.rawValue) == 0 || errno == EINVAL else {
      throw FileError(path: path, problem: "cannot be written", reason: FileDescriptor.lastReason())
    }
  }

  /// Names in the folder, sorted by their bytes, without `.` and `..`.
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

  /// Removes the folder `path` and all it holds; what links point at stays. Nothing happens where there is none.
  public static func remove(_ path: String) {
    for name in (try? names(in: path)) ?? [] {
      let member = "\(path)/\(name)"
      if exists(member, followingLinks: false) { remove(member) } else { unlink(member) }
    }
    rmdir(path)
  }

  /// Removes the file `path`. Nothing happens where there is none.
  public static func removeFile(_ path: String) { unlink(path) }

  private static func type(of path: String, followingLinks: Bool = true) -> mode_t? {
    var status = stat()
    return fstatat(AT_FDCWD, path, &status, followingLinks ? 0 : AT_SYMLINK_NOFOLLOW) == 0
      ? status.st_mode & S_IFMT : nil
  }
}
