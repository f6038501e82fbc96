import ArgumentParser
import FoundationEssentials
import Models

/// The argument that names weights: a file, or the folder of a run.
struct CheckpointArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Weights: a safetensors file, or the folder of a run, which stands for its best weights.",
      valueName: "checkpoint"))
  var path: String
  @Option(help: "Which model the weights are of, where the file does not say: unet or gan.")
  var model: ModelKind?

  /// Opens the weights file.
  /// - Throws: `SafetensorsError`, `CheckpointError`, `ModelError`.
  func open() throws -> Checkpoint { try Checkpoint(reading: WeightsPath.url(path), kind: model) }
}

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
}
