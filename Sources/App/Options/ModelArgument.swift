import ArgumentParser
import FoundationEssentials

/// A model on the command line, under a name if one is given: `runs/gan`, `vivid=runs/gan`.
struct ModelArgument: Equatable, ExpressibleByArgument {
  /// What to call it; nil is for its run's folder to say.
  let name: String?
  /// A run's folder or a weights file.
  let path: String

  init?(argument: String) {
    // What is there under the whole name is meant, whatever is in that.
    guard !FileManager.default.fileExists(atPath: argument), let sign = argument.firstIndex(of: "=") else {
      guard !argument.isEmpty else { return nil }
      (name, path) = (nil, argument)
      return
    }
    let (name, path) = (String(argument[..<sign]), String(argument[argument.index(after: sign)...]))
    guard !name.isEmpty, !path.isEmpty else { return nil }
    (self.name, self.path) = (name, path)
  }
}
