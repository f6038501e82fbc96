import ArgumentParser
import Data
import Models
import Runtime

/// The options of `recolor train`. Those of a run's configuration have no value unless they are given, so that one
/// given with `--resume` can be refused.
///
/// A further option is a property here, with its help, and an entry of `all`; its default belongs to `TrainingOptions`
/// and `Recipe`, or to `RunConfiguration`.
struct TrainOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Photographs to train on: cifar10, cifar100, scenes, or a folder. (default: \(defaultSource))",
      discussion: """
        scenes are painted by the program; cifar10 and cifar100 are what "recolor data fetch" downloads; a folder \
        holds images, in folders inside it as well, or the binary files of CIFAR-10 or CIFAR-100. Where it holds \
        folders train and val, the run trains on the first and validates on the second.
        """,
      valueName: "source"))
  var data: DataSource?
  @Option(parsing: .unconditional, help: "Passes over the photographs. (default: \(Recipe.defaults(\.epochs)))")
  var epochs: Int?
  @Option(
    parsing: .unconditional,
    help: """
      Width and height that a folder's images are resized to: 32, 64, 128, 256, or another multiple of 16. (default: \
      that of --init, or \(Recipe.defaults(\.imageSize)))
      """)
  var size: Int?
  @Option(
    parsing: .unconditional,
    help: """
      Channels of the first level; a width of 16 trains about nine times as fast as 64. (default: that of --init, or \
      \(Recipe.defaults(\.width)))
      """)
  var width: Int?
  @Option(
    parsing: .unconditional,
    help: "Photographs in a batch. (default: \(Recipe.defaults(\.options.batchSize)); less for fewer photographs)")
  var batchSize: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      Equal parts of a batch, a power of two, each with statistics of its own unless --sync-batch-norm is given. \
      (default: as many as ranks of mpirun, or 1)
      """,
      discussion: "The same number gives the same bits on 1, 2, 4 or more ranks: docs/distributed.md."))
  var replicas: Int?
  @Flag(exclusivity: .chooseLast) private var givenSyncBatchNorm: SyncBatchNormFlag?
  @Option(
    parsing: .unconditional, help: "Adam's learning rate. (default: \(Recipe.defaults(\.options.learningRate)))")
  var learningRate: Float?
  @Option(
    name: .customLong("init"),
    help: ArgumentHelp(
      """
      Weights to start from: a safetensors file, the folder of a run, or a built-in model, \(BuiltInModel.list). \
      (default: random ones)
      """,
      discussion: """
        The network's width, upsampling and color space are those of the weights; the size of the photographs may be \
        another. unet and gan start from each other's weights where both are of --color-space lab.
        """,
      valueName: "weights"),
    completion: .file())
  var initialWeights: WeightsReference?
  @Option(
    parsing: .unconditional,
    help: "Number of training photographs, the first ones. (default: all but the validation images)")
  var trainImages: Int?
  @Option(parsing: .unconditional, help: "Photographs held out for validation. (default: a fifth)")
  var validationImages: Int?
  @Option(parsing: .unconditional, help: "Number of steps after which to stop, even in the middle of an epoch.")
  var steps: Int?
  @Option(
    parsing: .unconditional,
    help: "Seed of the initial weights and of every order. (default: \(Recipe.defaults(\.options.seed)))")
  var seed: UInt64?
  @Option(
    help: ArgumentHelp(
      "Whether to keep or to drop a folder's gray and toned photographs, which teach no colors. (default: drop)",
      valueName: TonedImages.allValueStrings.joined(separator: "|")))
  var toned: TonedImages?
  @Option(
    help: ArgumentHelp(
      "Which squares of a folder's photographs to train on. (default: center)",
      discussion: """
        random draws one of five along a photograph's longer side, anew in each epoch; all takes as many as cover it, \
        two for most. No photograph has squares both in training and in validation.
        """,
      valueName: Crop.allValueStrings.joined(separator: "|")))
  var crop: Crop?
  @Option(
    help: "How the decoder doubles its maps. (default: that of --init, or \(Recipe.defaults(\.upsampling)))")
  var upsampling: UpsamplingKind?
  @Option(
    parsing: .unconditional,
    help: "Factor of the learning rate after every epoch. (default: \(Recipe.defaults(\.options.learningRateDecay)))")
  var learningRateDecay: Float?
  @Option(
    parsing: .unconditional,
    help: "Weight of the L1 term in gan's loss. (default: \(Recipe.defaults(\.options.l1Weight)))")
  var l1Weight: Float?
  @Option(help: ArgumentHelp("Where to compute: auto, cpu, opencl or opencl:P.D. (default: auto)", valueName: "device"))
  var device: DeviceSelection?
  @Option(
    help: ArgumentHelp(
      "How convolutions multiply. (default: auto)",
      discussion: "auto is tf32 on NVIDIA GPUs with tensor cores, as PyTorch does by default, and fp32 elsewhere."))
  var precision: PrecisionSelection?
  @Option(
    help: ArgumentHelp(
      "How convolutions multiply with --device cpu. (default: auto)",
      discussion: """
        vector is by this program's own loops; blas is by OpenBLAS, or by the library that RECOLOR_BLAS names; auto is \
        blas where that is faster, on processors without AVX2. A run that goes on keeps to its own.
        """,
      valueName: "products"))
  var cpuProducts: ProductSelection?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Photographs on the device at a time: auto, all, or a number.",
      discussion: """
        auto keeps all there unless they take more than half of its memory, and otherwise a window of them. Half of a \
        window is trained on while the next photographs are prefetched. The results are the same, bit for bit.
        """,
      valueName: "images"))
  var deviceImages: ImageResidency = .automatic
  @OptionGroup(title: "Recipe") var recipeOptions: RecipeOptions
  @OptionGroup(title: "Saving and stopping") var saving: SavingOptions
}

extension TrainOptions {
  /// Whether batch norms are over all replicas; nil where it is not given.
  var syncBatchNorm: Bool? { givenSyncBatchNorm.map { $0 == .syncBatchNorm } }
}

/// The flags `--sync-batch-norm` and `--no-sync-batch-norm`.
enum SyncBatchNormFlag: EnumerableFlag {
  case syncBatchNorm, noSyncBatchNorm

  static func help(for flag: Self) -> ArgumentHelp? {
    switch flag {
    case .syncBatchNorm:
      ArgumentHelp(
        "Normalize by the statistics of the whole batch, over all replicas.",
        discussion: """
          Any number of replicas then learns what one does, up to rounding. Replicas of one process need memory for all \
          of them, and ranks wait for each other at every batch norm.
          """)
    case .noSyncBatchNorm: "Normalize each replica by its own statistics. (default)"
    }
  }
}

/// The options that decide when a run is saved and stopped, and which weights are its best. They do not change what is
/// learned.
struct SavingOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Steps between saves, in addition to those after every epoch.", valueName: "steps"))
  var saveEvery: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Number of the last saves to keep as checkpoints/epoch_012.safetensors and step_000500.safetensors. (default: 0)",
      valueName: "count"))
  var keep: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Stop after this many epochs in a row without better weights. (default: never)", valueName: "epochs"))
  var patience: Int?
  @Option(
    help: ArgumentHelp(
      "The measure of the validation photographs that decides which weights are the best. (default: mse)",
      discussion: """
        mse, mae and delta-e are errors, ssim is a similarity; by them, a gan's palest epoch is often the best. \
        colorfulness-gap is the distance from the photographs' colorfulness, whether the colors are right or not.
        """, valueName: BestMeasure.allValueStrings.joined(separator: "|")))
  var bestBy: BestMeasure?
  @Flag(help: "Continue although gan's discriminator overpowers the generator.")
  var noGuard = false
}

extension TrainOptions {
  /// The options of a run's configuration. With `--resume`, the first one in this order is reported.
  static var all: [TrainOption] {
    [
      TrainOption("data", \.data, mayChange: true) { ($0.data, $0.dataFolder) = ($1.description, nil) },
      TrainOption("device", \.device, mayBeEdited: true),
      TrainOption("precision", \.precision, mayBeEdited: true),
      TrainOption("cpu-products", \.cpuProducts, mayChange: true),
      TrainOption("epochs", \.epochs, setting: .init(\.epochs), mayChange: true, must: RunRequirements.count) {
        $0.epochs = $1
      },
      TrainOption("batch-size", \.batchSize, isOfRecipe: true, must: RunRequirements.batchSize) {
        $0.options.batchSize = $1
      },
      TrainOption("replicas", \.replicas, must: RunRequirements.replicas) { $0.replicas = $1 },
      TrainOption("sync-batch-norm", \.syncBatchNorm) { $0.syncBatchNorm = $1 },
      TrainOption("width", \.width, setting: .init(\.width), must: .within(ModelConfiguration.widths)) {
        $0.model.width = $1
      },
      TrainOption("seed", \.seed) { $0.options.seed = $1 },
      TrainOption("learning-rate", \.learningRate, isOfRecipe: true, must: RunRequirements.learningRate) {
        $0.options.learningRate = $1
      },
      TrainOption("learning-rate-decay", \.learningRateDecay, isOfRecipe: true, must: RunRequirements.learningRateDecay)
      {
        $0.options.learningRateDecay = $1
      },
      TrainOption("l1-weight", \.l1Weight, of: .l1Term, isOfRecipe: true, must: RunRequirements.l1Weight) {
        $0.options.l1Weight = $1
      },
      TrainOption("upsampling", \.upsampling, setting: .init(\.upsampling)) { $0.model.upsampling = $1 },
      TrainOption("size", \.size, keys: ["image-width", "image-height"], setting: .init(\.imageSize)),
      TrainOption("toned", \.toned) { $0.toned = $1 },
      TrainOption("crop", \.crop) { $0.crop = $1 },
      TrainOption("train-images", \.trainImages, must: RunRequirements.trainImages) { $0.trainImages = $1 },
      TrainOption("validation-images", \.validationImages, must: RunRequirements.validationImages) {
        $0.validationImages = $1
      },
      TrainOption("steps", \.steps, mayChange: true, must: RunRequirements.count) { $0.steps = $1 },
      TrainOption("init", \.initialWeights) { $0.initialWeights = $1.expected },
      TrainOption("recipe", \.recipeOptions.recipe, isOfRecipe: true),
      TrainOption("color-space", \.recipeOptions.colorSpace, setting: .init(\.colorSpace)) { $0.model.colorSpace = $1 },
      TrainOption("rebalancing", \.recipeOptions.rebalancing, isOfRecipe: true, must: RunRequirements.rebalancing) {
        $0.options.rebalancing = $1
      },
      TrainOption("loss", \.recipeOptions.loss, of: .choiceOfLoss, isOfRecipe: true) { $0.options.loss = $1 },
      TrainOption("flips", \.recipeOptions.flips, keys: ["horizontal-flips"], isOfRecipe: true) {
        $0.options.horizontalFlips = $1
      },
      TrainOption("average-decay", \.recipeOptions.averageDecay, isOfRecipe: true, must: RunRequirements.averageDecay) {
        $0.options.averageDecay = $1
      },
      TrainOption("spectral-norm", \.recipeOptions.spectralNorm, of: .discriminator, isOfRecipe: true) {
        $0.options.spectralNorm = $1
      },
      TrainOption(
        "discriminator-learning-rate", \.recipeOptions.discriminatorLearningRate, of: .discriminator, isOfRecipe: true,
        must: RunRequirements.learningRate
      ) { $0.options.discriminatorLearningRate = $1 },
      TrainOption("save-every", \.saving.saveEvery, mayChange: true, must: RunRequirements.count) { $0.saveEvery = $1 },
      TrainOption("keep", \.saving.keep, mayChange: true, must: RunRequirements.keep) { $0.keep = $1 },
      TrainOption("patience", \.saving.patience, mayChange: true, must: RunRequirements.count) { $0.patience = $1 },
      TrainOption("best-by", \.saving.bestBy) { $0.bestBy = $1 },
      TrainOption("no-guard", \.saving.noGuard.ifSet, of: .discriminator, mayChange: true) { $0.noGuard = $1 },
    ]
  }

  private static let defaultSource = DataSource.scenes

  /// Throws `ValidationError` where an option cannot be used. Reads no file.
  func validate(for kind: ModelKind) throws {
    for option in Self.all { try option.validate(self, for: kind) }
    let size = imageSize(for: kind)
    try ModelOptions.validate(size: size) { () throws(ModelError) in try ModelConfiguration(kind: kind) }
  }

  /// Throws `ValidationError` where options do not go together. `validate(for:)` does not, because it is also given the
  /// options of a file without those of the command line.
  func validateTogether(for kind: ModelKind, startingFrom weights: Checkpoint?) throws {
    let settings = settings(for: kind, startingFrom: weights)
    let strength = recipeOptions.rebalancing ?? settings.options.rebalancing
    guard strength > 0, (recipeOptions.colorSpace ?? settings.colorSpace) != .lab else { return }
    throw ValidationError(
      "--rebalancing \(strength): weighs colors of CIELAB; it needs "
        + (weights.map { $0.configuration.colorSpace == .lab } ?? true
          ? "--color-space lab." : "weights of --color-space lab, which those of --init are not."))
  }

  /// Throws `ValidationError` where an option is given that a resumed run takes from its configuration.
  func validate(forResuming run: String) throws {
    for option in Self.all where !option.mayChange {
      guard let given = option.given(self) else { continue }
      throw ValidationError(
        "\(given): a run that goes on takes this from its config.json; "
          + (option.mayBeEdited
            ? "change \"\(option.name)\" there."
            : "another value needs a new run: --config \(Format.shellWord(run + "/config.json")), \(given) and --out."))
    }
  }

  var source: DataSource { data ?? Self.defaultSource }

  /// The width and height of images that can be resized.
  func imageSize(for kind: ModelKind, startingFrom weights: Checkpoint? = nil) -> Int {
    size ?? settings(for: kind, startingFrom: weights).imageSize
  }

  /// The settings where no option is given: those of the recipe, and of the weights that the run starts from.
  private func settings(for kind: ModelKind, startingFrom weights: Checkpoint?) -> RecipeSettings {
    var settings = (recipeOptions.recipe ?? .study).settings(for: kind)
    if let weights { settings.follow(weights) }
    return settings
  }

  /// The configuration of a new run: the settings, with the options that were given. The size is that of images that
  /// can be resized.
  func configuration(
    for kind: ModelKind, startingFrom weights: Checkpoint?, on backend: any Backend
  ) throws(ModelError) -> RunConfiguration {
    let size = imageSize(for: kind, startingFrom: weights)
    let settings = settings(for: kind, startingFrom: weights)
    var configuration = RunConfiguration(
      model: try ModelConfiguration(kind: kind), options: settings.options, data: source.description,
      imageHeight: size, imageWidth: size, epochs: settings.epochs, device: backend.name,
      deviceDescription: backend.deviceDescription, precision: backend.precision)
    configuration.set(settings)
    configuration.toned = .drop
    configuration.crop = .center
    configuration.replicas = 1
    configuration.syncBatchNorm = false
    for option in Self.all { option.apply(self, &configuration) }
    return configuration
  }

  /// Sets what may change when a run is resumed.
  func applyChanges(to configuration: inout RunConfiguration) {
    for option in Self.all where option.mayChange { option.apply(self, &configuration) }
  }
}

extension Bool {
  /// The value of a flag that has no inversion: true, or nil where it is not given.
  fileprivate var ifSet: Bool? { self ? true : nil }
}

extension ColorSpace: ExpressibleByArgument {}

extension ColorLoss: ExpressibleByArgument {}

extension BestMeasure: ExpressibleByArgument {}

extension Crop: ExpressibleByArgument {}

extension ImageResidency: ExpressibleByArgument {
  public init?(argument: String) {
    switch argument {
    case "auto": self = .automatic
    case "all": self = .all
    default:
      guard let count = Int(argument), count > 0 else { return nil }
      self = .window(count)
    }
  }

  public var defaultValueDescription: String { "auto" }
}
