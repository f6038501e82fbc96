import FoundationEssentials
import Models

/// How a path names weights.
enum WeightsPath {
  /// The weights that `path` stands for: of a run's folder the best ones, or, before its first epoch is done, the last.
  static func url(_ path: String) throws(RunError) -> URL {
    var isFolder = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder else {
      return URL(filePath: path)
    }
    let run = RunDirectory(opening: URL(filePath: path))
    guard let weights = [run.best, run.last].first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
      throw .file(path: path, reason: "no weights: neither checkpoints/best.safetensors nor last.safetensors is there")
    }
    return weights
  }

  /// What people call the weights: by their run's folder, or by their file where that is in no run.
  static func name(of weights: Checkpoint) -> String {
    let checkpoints = weights.url.absoluteURL.deletingLastPathComponent()
    let run = checkpoints.deletingLastPathComponent()
    if checkpoints.lastPathComponent == "checkpoints", !run.lastPathComponent.isEmpty { return run.lastPathComponent }
    return weights.url.deletingPathExtension().lastPathComponent
  }
}
