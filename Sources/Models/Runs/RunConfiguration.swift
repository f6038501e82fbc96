import Data
import Runtime

/// The version of this program and its libraries, by semantic versioning.
public enum RecolorVersion {
  public static let current = "0.1.0"
}

/// Everything that decides the course of a training run: the contents of `config.json` in its folder.
public struct RunConfiguration: Codable, Equatable, Sendable {
  /// Version of the program that started the run.
  public var version = RecolorVersion.current
  public var model: ModelConfiguration
  public var options: TrainingOptions
  /// Equal parts of each batch (`Replicas`); nil, in older runs, is 1.
  public var replicas: Int?
  /// Whether batch norms are over the images of all replicas, not over those of each; nil, in older runs, is no.
  public var syncBatchNorm: Bool?
  /// `cifar10`, `scenes` or a folder, as given.
  public var data: String
  /// The folder where a named data set was found when the run started; nil where its images are in no folder of their
  /// own, or in `data`, and in older runs.
  public var dataFolder: String?
  /// Identifies these images; set when the run starts.
  public internal(set) var dataFingerprint: DataFingerprint?
  /// The weights that the run started from; nil for those of the seed. Before a run starts, those that it must start
  /// from.
  public var initialWeights: InitialWeights?
  /// The folders of the training and validation images in a folder of images; nil where it has none, and in older runs.
  public var folders: TrainingFolders?
  /// Whether gray and toned images of a folder are trained on; nil, in older runs, is `keep`.
  public var toned: TonedImages?
  /// The parts of each photograph of a folder that are trained on; nil, in older runs, is `center`.
  public var crop: Crop?
  public var imageHeight: Int
  public var imageWidth: Int
  /// Number of images to train on, the first of the training images; nil splits all of them by seed.
  public var trainImages: Int?
  /// Number of images to validate on; nil is the default of `TrainingSplit`.
  public var validationImages: Int?
  public var epochs: Int
  /// Number of steps after which the run ends, even before `epochs` are done.
  public var steps: Int?
  /// Steps between two saves in the middle of an epoch; nil saves after epochs only.
  public var saveEvery: Int?
  /// Number of saved checkpoints that are kept beside the last and the best; nil for none.
  public var keep: Int?
  /// Number of epochs in a row without better weights after which the run ends; nil for no such end.
  public var patience: Int?
  /// The measure by which the best weights are chosen; nil is `mse`.
  public var bestBy: BestMeasure?
  /// Whether the run goes on though the discriminator overpowers the generator; nil for no.
  public var noGuard: Bool?
  /// The device as resolved: `cpu`, `opencl:0.0`.
  public var device: String
  /// The device's own name.
  public var deviceDescription: String
  /// The precision of convolutions, as resolved; nil, in older runs, is fp32.
  public var precision: Precision?
  /// How the processor's convolutions multiplied when the run was last trained; nil on other devices and, in older
  /// runs, is `vector`.
  public internal(set) var cpuProducts: MatrixProducts?
  /// Identifies the tuned algorithms, or the library for products, that the run was last trained with, as
  /// `Backend.tuning`; nil for the built-in ones. Others may give other bits, within rounding.
  public internal(set) var tuning: String?

  public init(
    model: ModelConfiguration, options: TrainingOptions, data: String, imageHeight: Int, imageWidth: Int,
    trainImages: Int? = nil, validationImages: Int? = nil, epochs: Int, steps: Int? = nil, device: String,
    deviceDescription: String, precision: Precision
  ) {
    self.model = model
    self.options = options
    self.data = data
    self.imageHeight = imageHeight
    self.imageWidth = imageWidth
    self.trainImages = trainImages
    self.validationImages = validationImages
    self.epochs = epochs
    self.steps = steps
    self.device = device
    self.deviceDescription = deviceDescription
    self.precision = precision
  }

  /// Whether gray and toned images of a folder are trained on, in older runs too.
  public var usedToned: TonedImages { toned ?? .keep }

  /// Equal parts of each batch, in older runs too.
  public var usedReplicas: Int { replicas ?? 1 }

  /// Whether batch norms are over the images of all replicas, in older runs too.
  public var usesSyncBatchNorm: Bool { syncBatchNorm ?? false }

  /// The measure by which the best weights are chosen, in older runs too.
  public var usedBestBy: BestMeasure { bestBy ?? .mse }

  /// The parts of each photograph that are trained on, in older runs too.
  public var usedCrop: Crop { crop ?? .center }

  /// Returns the images of the run's data set that it trains and validates on.
  /// - Throws: `DataError.imageCount` where there are too few photographs.
  public func split(of dataset: ImageDataset) throws(DataError) -> TrainingSplit {
    try split(count: dataset.photographCount).images(of: dataset, usedCrop)
  }

  /// Returns the photographs of the run's data set that it trains and validates on.
  /// - Parameter count: Number of all of its photographs.
  /// - Throws: `DataError.imageCount` where there are too few of them.
  public func split(count: Int) throws(DataError) -> TrainingSplit {
    if let heldOutCount = folders?.validationImages {
      return try TrainingSplit(
        count: count, heldOutCount: heldOutCount, trainingCount: trainImages, validationCount: validationImages,
        seed: options.seed)
    }
    return try TrainingSplit(
      count: count, trainingCount: trainImages, validationCount: validationImages, seed: options.seed)
  }

  /// Whether a run with this configuration may be resumed with `other`: everything that decided its steps so far is the
  /// same.
  func allows(_ other: RunConfiguration) -> Bool {
    var copy = other
    copy.version = version
    // Their place may be another: the fingerprint says whether the images are the same.
    copy.data = data
    copy.dataFolder = dataFolder
    copy.epochs = epochs
    copy.steps = steps
    copy.saveEvery = saveEvery
    copy.keep = keep
    copy.patience = patience
    copy.noGuard = noGuard
    copy.device = device
    copy.deviceDescription = deviceDescription
    copy.precision = precision
    copy.cpuProducts = cpuProducts
    copy.tuning = tuning
    if copy.usedReplicas == usedReplicas { copy.replicas = replicas }
    if copy.usesSyncBatchNorm == usesSyncBatchNorm { copy.syncBatchNorm = syncBatchNorm }
    return copy == self
  }
}

extension RunConfiguration {
  /// Throws `RunError` or `ModelError` where a run with this configuration cannot train on a data set.
  func validate(for dataset: ImageDataset) throws {
    try validateValues()
    try model.validate(height: dataset.height, width: dataset.width)
    guard dataset.height == imageHeight, dataset.width == imageWidth else {
      throw RunError.invalidOption(
        "\(dataset.source): images of \(dataset.width)×\(dataset.height), "
          + "but the run is for \(imageWidth)×\(imageHeight)")
    }
    let batchSize = options.batchSize
    guard batchSize > (usesSyncBatchNorm ? 1 : usedReplicas) || dataset.height > 16 || dataset.width > 16 else {
      throw RunError.invalidOption(
        "--batch-size \(batchSize)\(usedReplicas > 1 ? " --replicas \(usedReplicas)" : ""): one image of "
          + "\(dataset.width)×\(dataset.height) leaves batch normalization a single value")
    }
    guard options.rebalancing == 0 || model.colorSpace == .lab else {
      throw RunError.invalidOption(
        "--rebalancing \(options.rebalancing): weighs colors of CIELAB; it needs --color-space lab")
    }
  }
}
