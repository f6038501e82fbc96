import ArgumentParser
import Models

/// The argument that names weights: a file, or the folder of a run.
struct CheckpointArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Weights: a safetensors file, or the folder of a run, which stands for its best weights.",
      valueName: "checkpoint"),
    completion: .file())
  var path: String
  @Option(help: "Which model the weights are of, where the file does not say: unet or gan.")
  var model: ModelKind?
  @Option(
    help: "How the weights' decoder doubles its maps, where neither the file nor its tensors say: nearest or bilinear.")
  var upsampling: UpsamplingKind?

  /// Opens the weights file.
  /// - Throws: `SafetensorsError`, `CheckpointError`, `ModelError`.
  func open() throws -> Checkpoint {
    try Checkpoint(reading: WeightsPath.url(path), kind: model, upsampling: upsampling)
  }
}
