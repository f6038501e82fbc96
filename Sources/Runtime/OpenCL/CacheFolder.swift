import FoundationEssentials

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
