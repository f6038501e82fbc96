/// A training run that cannot start or go on. `description` is one line.
public enum RunError: Error, Equatable {
  /// A new run never writes into an old one.
  case folderNotEmpty(path: String)
  /// A system call failed on a file or folder.
  case file(path: String, reason: String)
  case notARun(path: String, reason: String)
  case invalidOption(String)
  /// Losses that are no numbers any more.
  case diverged(step: Int, lastCheckpoint: String?)
}

extension RunError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .folderNotEmpty(let path):
      "\(path): already holds files; name a new folder, or go on with the run in it by --resume \(path)"
    case .file(let path, let reason): "\(path): \(reason)"
    case .notARun(let path, let reason): "\(path): not a training run to go on with: \(reason)"
    case .invalidOption(let text): text
    case .diverged(let step, let lastCheckpoint):
      "the loss is no number any more at step \(step); try a smaller --learning-rate"
        + (lastCheckpoint.map { "; \($0) holds the last good weights" } ?? "")
    }
  }
}
