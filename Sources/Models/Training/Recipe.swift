/// A set of options that belong together.
public enum Recipe: String, Codable, Sendable, CaseIterable {
  /// The study's.
  case study
  /// What measured best (docs/recipes.md).
  case best

  /// How a model is trained.
  public func options(for kind: ModelKind) -> TrainingOptions {
    var options = TrainingOptions(recipeFor: kind)
    guard self == .best else { return options }
    options.horizontalFlips = true
    options.averageDecay = 0.93
    options.batchSize = 16
    return options
  }
}
