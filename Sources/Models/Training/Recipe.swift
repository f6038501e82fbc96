/// A named set of settings of a training run.
public enum Recipe: String, Codable, Sendable, CaseIterable {
  /// The study's.
  case study
  /// Less error than the study's, with nearly its colors (docs/study.md, docs/recipes.md).
  case best
  /// Results worth looking at after about ten minutes on CIFAR-10 with two cores.
  case quick

  /// Returns the recipe's settings for a kind of model.
  public func settings(for kind: ModelKind) -> RecipeSettings {
    var settings = RecipeSettings(studyFor: kind)
    switch (self, kind) {
    case (.study, _):
      break
    case (.best, _):
      settings.options.horizontalFlips = true
      settings.options.averageDecay = 0.93
    case (.quick, .unet):
      settings.width = 16
      settings.epochs = 6
      settings.colorSpace = .lab
      settings.upsampling = .bilinear
      settings.options.horizontalFlips = true
      settings.options.averageDecay = 0.99
      settings.options.batchSize = 32
    case (.quick, .gan):
      settings = Recipe.best.settings(for: kind)
      settings.width = 16
      settings.epochs = 4
      settings.options.batchSize = 16
    }
    return settings
  }

  /// Whether the recipe has another value of a setting than the study.
  public func changes<Value: Equatable>(_ setting: KeyPath<RecipeSettings, Value>, for kind: ModelKind) -> Bool {
    settings(for: kind)[keyPath: setting] != RecipeSettings(studyFor: kind)[keyPath: setting]
  }
}

/// The settings that a recipe decides.
public struct RecipeSettings: Hashable, Sendable {
  public var options: TrainingOptions
  /// See `ModelConfiguration`.
  public var width = 64
  public var upsampling = UpsamplingKind.transposed
  public var colorSpace = ColorSpace.rgb
  /// Width and height of the images of a source that can be resized.
  public var imageSize = 32
  public var epochs = 20

  /// The study's settings for a kind of model.
  public init(studyFor kind: ModelKind) { options = TrainingOptions(recipeFor: kind) }

  /// Takes over everything that the network of existing weights decides, and the size of their images.
  public mutating func follow(_ weights: Checkpoint) {
    width = weights.configuration.width
    upsampling = weights.configuration.upsampling
    colorSpace = weights.configuration.colorSpace
    if let size = weights.imageSize { imageSize = max(size.height, size.width) }
  }
}

extension RunConfiguration {
  /// Sets everything that a recipe decides, except for the size of the images, which is that of the data set.
  public mutating func set(_ settings: RecipeSettings) {
    options = settings.options
    model.width = settings.width
    model.upsampling = settings.upsampling
    model.colorSpace = settings.colorSpace
    epochs = settings.epochs
  }
}
