import ArgumentParser
import Files
import Models

extension Requirement {
  /// Throws `ValidationError` where a value is given and does not meet the condition.
  /// - Parameter option: The option's name without leading dashes.
  func check(_ value: Value?, of option: String) throws {
    if let failure = failure(of: value, option: option) { throw ValidationError(failure + ".") }
  }
}

/// The files that commands write beside their reports, and never replace.
enum NewFile {
  /// Checks, before the work, the path of a file that will be written.
  /// - Parameters:
  ///   - path: Nil where the option is not given.
  ///   - option: The option's name without leading dashes.
  /// - Throws: `FileError` where the path names a folder, where the file is there, and where its folder is not.
  static func check(_ path: String?, of option: String) throws(FileError) {
    guard let path else { return }
    let folder = Folder.parent(of: path)
    let reason: String? =
      if Folder.exists(path) {
        "it is a folder; name a file in it by --\(option)"
      } else if Folder.holdsFile(path) {
        "it is there already; name another file by --\(option), or remove it"
      } else if !Folder.exists(folder) {
        "there is no folder \(folder); make it first"
      } else {
        nil
      }
    if let reason { throw FileError(path: path, problem: "cannot be written", reason: reason) }
  }
}
