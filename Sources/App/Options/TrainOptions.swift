import ArgumentParser
import Data
import Models
import Runtime

/// The options of `recolor train` that make up a new run's configuration. None has a value unless it is given, so that one
/// given beside `--resume` can be refused.
struct TrainOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Photographs to train on: cifar10, cifar100, scenes, or a folder. (default: scenes)",
      discussion: """
        scenes are painted by the program; cifar10 and cifar100 are what "recolor data fetch" downloads; a folder holds \
        images, in folders inside it as well, or the binary files of CIFAR-10 or CIFAR-100.
        """,
      valueName: "source"))
  var data: DataSource?
  @Option(help: ArgumentHelp("Where to compute: auto, cpu, opencl or opencl:P.D. (default: auto)", valueName: "device"))
  var device: DeviceSelection?
  @Option(
    help: ArgumentHelp(
      "How convolutions multiply. (default: auto)",
      discussion: "auto is tf32 on NVIDIA GPUs with tensor cores, as PyTorch does by default, and fp32 elsewhere."))
  var precision: PrecisionSelection?
  @Option(parsing: .unconditional, help: "Times to go through the photographs. (default: 20)")
  var epochs: Int?
  @Option(parsing: .unconditional, help: "Photographs in a step. (default: 64, of the recipe best 16)")
  var batchSize: Int?
  @Option(parsing: .unconditional, help: "Channels of the first level; 16 is quick, 64 the study's. (default: 64)")
  var width: Int?
  @Option(parsing: .unconditional, help: "Decides the initial weights and every order. (default: 1)")
  var seed: UInt64?
  @Option(
    parsing: .unconditional,
    help: "Adam's step size. (default: 0.001 for unet, 0.0002 for gan)")
  var learningRate: Float?
  @Option(
    parsing: .unconditional,
    help: "What the step size is multiplied by after every epoch. (default: 0.9 for unet, 1 for gan)")
  var learningRateDecay: Float?
  @Option(
    parsing: .unconditional,
    help: "How much the distance from the photograph counts for gan. (default: 100)")
  var l1Weight: Float?
  @Option(help: "How the decoder doubles its maps. (default: transposed)")
  var upsampling: UpsamplingKind?
  @Option(
    parsing: .unconditional,
    help:
      "Width and height that a folder's images are brought to: 32, 64, 128, 256, or another multiple of 16. (default: 32)"
  )
  var size: Int?
  @Option(
    parsing: .unconditional,
    help: "Train on the first so many of the training files. (default: all but the validation images)")
  var trainImages: Int?
  @Option(
    parsing: .unconditional,
    help: "Photographs held back to validate on. (default: a fifth)")
  var validationImages: Int?
  @Option(parsing: .unconditional, help: "Stop after so many steps, whatever --epochs says.")
  var steps: Int?
  @OptionGroup(title: "Recipe") var recipeOptions: RecipeOptions
}

extension TrainOptions {
  /// The options that were given, as they are written on the command line.
  var given: [String] {
    let all: [(String, Bool)] = [
      ("--data", data != nil), ("--device", device != nil), ("--precision", precision != nil),
      ("--epochs", epochs != nil),
      ("--batch-size", batchSize != nil), ("--width", width != nil), ("--seed", seed != nil),
      ("--learning-rate", learningRate != nil), ("--learning-rate-decay", learningRateDecay != nil),
      ("--l1-weight", l1Weight != nil), ("--upsampling", upsampling != nil),
      ("--size", size != nil), ("--train-images", trainImages != nil), ("--validation-images", validationImages != nil),
      ("--steps", steps != nil),
    ]
    return all.filter(\.1).map(\.0) + recipeOptions.given
  }

  /// Throws where an option cannot be used, without looking at any file.
  func validate(for kind: ModelKind) throws {
    let positive = [
      ("--epochs", epochs), ("--train-images", trainImages), ("--steps", steps),
    ]
    for case (let name, let value?) in positive where value < 1 {
      throw ValidationError("\(name) \(value): must be at least 1.")
    }
    if let validationImages, validationImages < 0 {
      throw ValidationError("--validation-images \(validationImages): must not be negative.")
    }
    if let learningRate, !(learningRate > 0 && learningRate.isFinite) {
      throw ValidationError("--learning-rate \(learningRate): must be a number above 0.")
    }
    if let learningRateDecay, !(learningRateDecay > 0 && learningRateDecay <= 1) {
      throw ValidationError("--learning-rate-decay \(learningRateDecay): must be a number above 0, and 1 at most.")
    }
    if let l1Weight {
      guard kind == .gan else { throw ValidationError("--l1-weight: only gan has one.") }
      guard l1Weight >= 0, l1Weight.isFinite else {
        throw ValidationError("--l1-weight \(l1Weight): must be a number not below 0.")
      }
    }
    try recipeOptions.validate(for: kind)
    if let batchSize { try ModelOptions.validate(batchSize: batchSize) }
    try ModelOptions.validate(size: imageSize) { () throws(ModelError) in try model(kind) }
  }

  var source: DataSource { data ?? .scenes }

  var imageSize: Int { size ?? 32 }

  func model(_ kind: ModelKind) throws(ModelError) -> ModelConfiguration {
    try ModelConfiguration(
      kind: kind, width: width ?? 64, upsampling: upsampling ?? .transposed,
      colorSpace: recipeOptions.colorSpace ?? .rgb)
  }

  /// Everything resolved.
  func configuration(
    for kind: ModelKind, _ dataset: ImageDataset, on backend: any Backend
  ) throws(ModelError) -> RunConfiguration {
    var training = recipeOptions.trainingOptions(for: kind)
    training.batchSize = batchSize ?? training.batchSize
    training.learningRate = learningRate ?? training.learningRate
    training.learningRateDecay = learningRateDecay ?? training.learningRateDecay
    training.l1Weight = l1Weight ?? training.l1Weight
    training.seed = seed ?? training.seed
    return RunConfiguration(
      model: try model(kind), options: training, data: source.description, imageHeight: dataset.height,
      imageWidth: dataset.width, trainImages: trainImages, validationImages: validationImages, epochs: epochs ?? 20,
      steps: steps, device: backend.name, deviceDescription: backend.deviceDescription, precision: backend.precision)
  }
}
