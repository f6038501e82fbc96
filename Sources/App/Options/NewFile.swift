import ArgumentParser
import Files

/// The files that commands write beside their reports, and never replace.
enum NewFile {
  /// Checks, before the work, the path of a file that will be written.
  /// - Parameters:
  ///   - path: Nil where the option is not given.
  ///   - option: The option's name without leading dashes.
  /// - Throws: `ValidationError` where the path names nothing or a folder, where the file is there, and where its folder
  ///   is not.
  static func check(_ path: String?, of option: String) throws(ValidationError) {
    guard let path else { return }
    guard !path.isEmpty else { throw ValidationError("--\(option): names no file.") }
    guard !Folder.exists(path) else { throw ValidationError("--\(option) \(path): is a folder; name a file in it.") }
    guard !Folder.holdsFile(path) else {
      throw ValidationError("--\(option) \(path): is there already; name another file, or remove it.")
    }
    let folder = Folder.parent(of: path)
    guard Folder.exists(folder) else {
      throw ValidationError("--\(option) \(path): there is no folder \(folder); make it first.")
    }
  }
}
