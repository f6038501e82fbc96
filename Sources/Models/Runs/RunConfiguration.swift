import Data
import Runtime

/// Everything that decides how a training run goes: what `config.json` in its folder says.
public struct RunConfiguration: Codable, Equatable, Sendable {
  /// Version of the program that started the run.
  public var version = RecolorVersion.current
  public var model: ModelConfiguration
  public var options: TrainingOptions
  /// `cifar10`, `scenes` or a folder, as given.
  public var data: String
  /// What tells these photographs from others; set when the run starts.
  public internal(set) var dataFingerprint: DataFingerprint?
  public var imageHeight: Int
  public var imageWidth: Int
  /// The first so many of the training photographs are trained on; nil splits all of them by seed.
  public var trainImages: Int?
  /// How many photographs to validate on; nil is the default of `TrainingSplit`.
  public var validationImages: Int?
  public var epochs: Int
  /// The run ends after so many steps, whatever `epochs` says.
  public var steps: Int?
  /// The run is saved after every so many steps too, and not only after every epoch.
  public var saveEvery: Int?
  /// How many of the checkpoints so saved stay beside the last and the best; nil for none.
  public var keep: Int?
  /// Whether the run goes on though the discriminator has won; nil for no.
  public var noGuard: Bool?
  /// The device as resolved: `cpu`, `opencl:0.0`.
  public var device: String
  /// The device's own name.
  public var deviceDescription: String
  /// How convolutions multiply, as resolved; nil, in runs from before there was a choice, is fp32.
  public var precision: Precision?
  /// Names the tuned algorithms that the run was last trained with, as `Backend.tuning`; nil for the built-in ones. Others may
  /// give other bits, within rounding.
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

  /// The same, bound to the photographs that the run starts with.
  func with(_ fingerprint: DataFingerprint) -> RunConfiguration {
    var copy = self
    copy.dataFingerprint = fingerprint
    return copy
  }

  /// Whether a run with this configuration may go on with `other`: all that decides what was done so far is the same.
  func allows(_ other: RunConfiguration) -> Bool {
    var copy = other
    copy.version = version
    copy.epochs = epochs
    copy.steps = steps
    copy.saveEvery = saveEvery
    copy.keep = keep
    copy.noGuard = noGuard
    copy.device = device
    copy.deviceDescription = deviceDescription
    copy.precision = precision
    copy.tuning = tuning
    return copy == self
  }
}
