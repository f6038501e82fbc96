import Files
import FoundationEssentials
import Glibc

/// The folder for compiled programs, decoded images and tuning results.
public enum CacheFolder {
  /// `$RECOLOR_CACHE`, else `recolor` in `$XDG_CACHE_HOME` or `~/.cache`. None if `RECOLOR_CACHE` is set and empty, or
  /// if there is no home.
  public static func standard(environment: [String: String] = Environment.paths) -> String? {
    if let folder = environment["RECOLOR_CACHE"] { return folder.isEmpty ? nil : folder }
    if let folder = environment["XDG_CACHE_HOME"], !folder.isEmpty { return folder + "/recolor" }
    guard let home = environment["HOME"], !home.isEmpty else { return nil }
    return home + "/.cache/recolor"
  }
}

// MARK: Trust and privacy

extension CacheFolder {
  /// Creates the folder of one cache where it is missing, and closes it to all but this user: what it holds may have
  /// been made from private files.
  package static func prepare(_ folder: String) throws(FileError) {
    try Folder.create(folder, mode: 0o700)
    guard let status = Folder.status(of: folder), status.st_uid == geteuid(), status.st_mode & 0o077 != 0 else {
      return
    }
    _ = folder.withPathBytes { chmod($0, status.st_mode & 0o700) }
  }

  /// Writes a file, which only this user may read, into a cache.
  /// - Throws: `FileError`, also where `requireTrusted` throws.
  package static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    try requireTrusted(Folder.parent(of: path))
    try prepare(Folder.parent(of: path))
    try AtomicFile.write(bytes, to: path, mode: 0o600, followingLinks: false)
  }

  /// Sets the time of the last use of a file, by which those that are removed are chosen. A folder that may not be
  /// changed keeps its times.
  package static func noteUse(of path: String) {
    _ = path.withPathBytes { utimensat(AT_FDCWD, $0, nil, AT_SYMLINK_NOFOLLOW) }
  }

  /// Returns whether a file of a cache exists and may be used, and its folder as well. Otherwise another user may have
  /// chosen its contents; a remark says so.
  package static func mayRead(_ path: String) -> Bool {
    guard Folder.holdsFile(path), isTrusted(Folder.parent(of: path)) else { return false }
    guard let reason = objection(to: path) else { return true }
    Remarks.warning("\(path): is made anew: \(reason)")
    return false
  }

  /// Returns whether the folder of one cache may be used, or is missing. A remark says where not.
  package static func isTrusted(_ folder: String) -> Bool {
    do throws(FileError) {
      try requireTrusted(folder)
      return true
    } catch {
      Remarks.warning("\(error)")
      return false
    }
  }

  /// Throws where the folder of one cache exists and may not be used: it and the folder that holds it must belong to
  /// this user or to the system's administrator, and no other user may write into them. Folders of caches that only the
  /// group may write, as an earlier version left them, are closed to it.
  package static func requireTrusted(_ folder: String) throws(FileError) {
    let parent = Folder.parent(of: folder)
    closeToGroup(parent, where: holdsOnlyCaches)
    closeToGroup(folder) { _ in true }
    // In a folder such as /tmp, others cannot replace what is not theirs.
    if let reason = objection(to: parent, isParent: true) ?? objection(to: folder) {
      throw FileError(path: folder, problem: "is not used as a cache", reason: reason)
    }
  }

  /// The names of the caches in the cache folder.
  private static let names = ["images", "programs", "tuning"]

  private static func holdsOnlyCaches(_ folder: String) -> Bool {
    (try? Folder.names(in: folder))?.allSatisfy(names.contains) ?? false
  }

  /// Takes the group's permission to write away from a folder of this user that others may not write.
  private static func closeToGroup(_ folder: String, where isCache: (String) -> Bool) {
    guard let status = Folder.status(of: folder, followingLinks: false), status.st_mode & S_IFMT == S_IFDIR,
      status.st_uid == geteuid(), status.st_mode & (0o022 | S_ISVTX) == 0o020, isCache(folder)
    else { return }
    _ = folder.withPathBytes { chmod($0, status.st_mode & 0o7755) }
  }

  /// Returns why a file or folder of a cache is not used, and the remedy; nil where it may be used, or is missing.
  private static func objection(to path: String, isParent: Bool = false) -> String? {
    guard let link = Folder.status(of: path, followingLinks: false), let status = Folder.status(of: path) else {
      return nil
    }
    if isParent, status.st_mode & S_IFMT != S_IFDIR {
      return "\(path) is no folder; set RECOLOR_CACHE to a folder of your own"
    }
    let trusted = [geteuid(), 0]
    if !trusted.contains(link.st_uid) || !trusted.contains(status.st_uid) {
      return "\(path) belongs to another user; set RECOLOR_CACHE to a folder of your own"
    }
    if status.st_mode & 0o022 != 0, !(isParent && status.st_mode & S_ISVTX != 0) {
      return "other users may write \(path); remove it, or take their permission away (chmod go-w)"
    }
    return nil
  }
}
