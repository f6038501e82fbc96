import ArgumentParser
import FoundationEssentials
import Models

/// The argument for weights, and options for what their file may not state.
struct CheckpointArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Weights: a safetensors file, or the folder of a run, which stands for its best weights.",
      valueName: "checkpoint"),
    completion: .file())
  var path: String
  @Option(help: "Which model the weights are of, where the file does not say: \(ModelKind.names).")
  var model: ModelKind?
  @Option(
    help: "How the weights' decoder doubles its maps, where neither the file nor its tensors say: nearest or bilinear.")
  var upsampling: UpsamplingKind?

  /// Opens the weights file.
  /// - Throws: `SafetensorsError`, `CheckpointError`, `ModelError`.
  func open() throws -> Checkpoint {
    try WeightsPath.open(path, kind: model, upsampling: upsampling)
  }
}

/// The meaning of a path to weights.
enum WeightsPath {
  /// Opens the weights file that `path` stands for.
  /// - Parameters:
  ///   - kind: The kind of model, for files that lack it.
  ///   - upsampling: The upsampling, for files that lack it.
  /// - Throws: `RunError`, `SafetensorsError`, `CheckpointError`, `ModelError`.
  static func open(_ path: String, kind: ModelKind? = nil, upsampling: UpsamplingKind? = nil) throws -> Checkpoint {
    try Checkpoint(reading: url(path), kind: kind, upsampling: upsampling)
  }

  /// Returns the weights file that `path` stands for: of a run's folder the best weights, or the last before the first
  /// epoch ends.
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

  /// Returns the name of weights: that of their run's folder, or of their file where it is in no run.
  static func name(of weights: Checkpoint) -> String {
    let checkpoints = weights.url.absoluteURL.deletingLastPathComponent()
    let run = checkpoints.deletingLastPathComponent()
    if checkpoints.lastPathComponent == "checkpoints", !run.lastPathComponent.isEmpty { return run.lastPathComponent }
    return weights.url.deletingPathExtension().lastPathComponent
  }
}

extension Checkpoint {
  /// The options that the weights were trained with; nil where the file does not state them.
  var recipe: TrainingOptions? {
    metadata["recipe"].flatMap { try? JSONDecoder().decode(TrainingOptions.self, from: Data($0.utf8)) }
  }
}
