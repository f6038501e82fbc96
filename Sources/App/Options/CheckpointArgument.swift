import ArgumentParser
import FoundationEssentials
import Models

/// The argument for weights, and options for what their file may not state.
struct CheckpointArgument: ParsableArguments {
  @Argument(
    help: ArgumentHelp(
      "Weights: a safetensors file, the folder of a run, which stands for its best weights, or a built-in model, "
        + "\(BuiltInModel.list).",
      valueName: "checkpoint"),
    completion: .file())
  var path: String
  @OptionGroup(title: "Where the weights do not say it") var unstated: UnstatedTraits

  /// Opens the weights.
  /// - Throws: `SafetensorsError`, `CheckpointError`, `ModelError`, `RunError`.
  func open() throws -> Checkpoint { try unstated.open(path) }
}

/// Options for what a weights file may not state.
struct UnstatedTraits: ParsableArguments {
  @Option(help: "Which model the weights are of, where the file does not say: \(ModelKind.names).")
  var model: ModelKind?
  @Option(
    help: "How the weights' decoder doubles its maps, where neither the file nor its tensors say: nearest or bilinear.")
  var upsampling: UpsamplingKind?

  /// Opens the weights that an argument names.
  /// - Throws: `SafetensorsError`, `CheckpointError`, `ModelError`; `RunError`, also where the weights say otherwise
  ///   than an option.
  func open(_ argument: String) throws -> Checkpoint {
    let weights = try Checkpoint(argument: argument, kind: model, upsampling: upsampling)
    let found = weights.configuration
    if let model, model != found.kind {
      throw RunError.invalidOption(
        "--model \(model.rawValue): \(weights.name) is of a \(found.kind.rawValue); leave --model out")
    }
    if let upsampling, upsampling != found.upsampling {
      throw RunError.invalidOption(
        "--upsampling \(upsampling.rawValue): \(weights.name) has the upsampling \(found.upsampling.rawValue); leave "
          + "--upsampling out")
    }
    return weights
  }
}

extension Checkpoint {
  /// Opens the weights that an argument names: a built-in model, a safetensors file, or a run's folder, which stands
  /// for its best weights, or the last before its first epoch ends.
  /// - Throws: `ValidationError` where there is no such built-in model; `SafetensorsError`, `CheckpointError`,
  ///   `ModelError`, `RunError`.
  init(argument: String, kind: ModelKind? = nil, upsampling: UpsamplingKind? = nil) throws {
    if argument.hasPrefix(BuiltInModel.prefix) {
      guard let model = BuiltInModel(argument: argument) else {
        throw ValidationError("\(argument): no such built-in model; there is \(BuiltInModel.list).")
      }
      try self.init(model)
    } else {
      try self.init(reading: WeightsFile(argument).url, kind: kind, upsampling: upsampling)
    }
  }

  /// The folder of the run that the file would be in; nil for a built-in model. It need not exist.
  var run: RunDirectory? {
    url.map { RunDirectory(opening: $0.absoluteURL.deletingLastPathComponent().deletingLastPathComponent()) }
  }

  /// The name of the run's folder, of the file where it is in no run, or of the built-in model: `photo`.
  var shortName: String {
    guard let url else { return String(name.dropFirst(BuiltInModel.prefix.count)) }
    let checkpoints = url.absoluteURL.deletingLastPathComponent()
    let run = checkpoints.deletingLastPathComponent()
    if checkpoints.lastPathComponent == "checkpoints", !run.lastPathComponent.isEmpty { return run.lastPathComponent }
    return url.deletingPathExtension().lastPathComponent
  }

  /// The options that the weights were trained with; nil where the file does not state them.
  var recipe: TrainingOptions? {
    metadata["recipe"].flatMap { try? JSONDecoder().decode(TrainingOptions.self, from: Data($0.utf8)) }
  }
}

extension BuiltInModel {
  /// The names of all built-in models, for help and messages.
  static var list: String { Format.list(allCases.map(\.argument), "and") }
}
