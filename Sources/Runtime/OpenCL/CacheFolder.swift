import Files
import FoundationEssentials
import Glibc

/// The folder for compiled programs, decoded images and tuning results.
public enum CacheFolder {
  /// `$RECOLOR_CACHE`, else `recolor` in `$XDG_CACHE_HOME` or `~/.cache`. None if `RECOLOR_CACHE` is set and empty, or
  /// if there is no home.
  public static func standard(environment: [String: String] = ProcessInfo.processInfo.environment) -> String? {
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
    var status = stat()
    guard stat(folder, &status) == 0, status.st_uid == geteuid(), status.st_mode & 0o077 != 0 else { return }
    chmod(folder, status.st_mode & 0o700)
  }

  /// Writes a file, which only this user may read, into a cache.
  package static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
    try prepare(Folder.parent(of: path))
    try AtomicFile.write(bytes, to: path, mode: 0o600, followingLinks: false)
  }

  /// Returns whether a file of a cache exists and may be used, and its folder as well. Otherwise another user may have
  /// chosen its contents; a remark says so.
  package static func mayRead(_ path: String) -> Bool {
    guard Folder.holdsFile(path), isTrusted(Folder.parent(of: path)) else { return false }
    return isTrusted(path, "it is made anew")
  }

  /// Returns whether the folder of one cache may be used, or is missing: it and the folder that holds it must belong to
  /// this user or to the system's administrator, and nobody else may write into them. A remark says where not.
  package static func isTrusted(_ folder: String) -> Bool {
    let consequence = "\(folder) is not used as a cache"
    // In a folder such as /tmp, others cannot replace what is not theirs.
    return isTrusted(Folder.parent(of: folder), consequence, mayBeSticky: true) && isTrusted(folder, consequence)
  }

  private static func isTrusted(_ path: String, _ consequence: String, mayBeSticky: Bool = false) -> Bool {
    var (link, status) = (stat(), stat())
    guard lstat(path, &link) == 0, stat(path, &status) == 0 else { return true }
    let trusted = [geteuid(), 0]
    if !trusted.contains(link.st_uid) || !trusted.contains(status.st_uid) {
      Remarks.warning(
        "\(path): belongs to another user, so \(consequence); set RECOLOR_CACHE to a folder of your own")
      return false
    }
    if status.st_mode & 0o022 != 0, !(mayBeSticky && status.st_mode & S_ISVTX != 0) {
      Remarks.warning(
        "\(path): other users may write it, so \(consequence); remove it, or take their permission away (chmod go-w)")
      return false
    }
    return true
  }
}
