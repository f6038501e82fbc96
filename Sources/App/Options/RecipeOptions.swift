import ArgumentParser
import Models

/// The options of `recolor train` that say how a model learns, beyond the study's recipe.
struct RecipeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "What the options below start from: study or best. (default: study)",
      discussion: "best is what measured best: flips, an average decay of 0.93 and batches of 16."))
  var recipe: Recipe?
  @Option(
    help: ArgumentHelp(
      "What the network predicts: rgb or lab. (default: rgb)",
      discussion: "lab keeps the photograph's L* of CIELAB and predicts a* and b*.", valueName: "space"))
  var colorSpace: ColorSpace?
  @Flag(inversion: .prefixedNo, help: "Turn every photograph left to right in half of the epochs.")
  var flips: Bool?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Color with an average of the generator's weights over time, of which so much stays at each step; 0 for none. (default: 0)",
      valueName: "decay"))
  var averageDecay: Float?
  @Flag(inversion: .prefixedNo, help: "Divide the weights of gan's discriminator by their spectral norms.")
  var spectralNorm: Bool?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Adam's step size for gan's discriminator. (default: as --learning-rate)", valueName: "learning-rate"))
  var discriminatorLearningRate: Float?
}

extension RecipeOptions {
  /// The options that were given, as they are written on the command line.
  var given: [String] {
    let all: [(String, Bool)] = [
      ("--recipe", recipe != nil), ("--color-space", colorSpace != nil), ("--flips", flips == true),
      ("--no-flips", flips == false), ("--average-decay", averageDecay != nil),
      ("--spectral-norm", spectralNorm == true), ("--no-spectral-norm", spectralNorm == false),
      ("--discriminator-learning-rate", discriminatorLearningRate != nil),
    ]
    return all.filter(\.1).map(\.0)
  }

  func validate(for kind: ModelKind) throws {
    if let averageDecay, !(averageDecay >= 0 && averageDecay < 1) {
      throw ValidationError("--average-decay \(averageDecay): must be a number from 0 to below 1.")
    }
    if let rate = discriminatorLearningRate, !(rate > 0 && rate.isFinite) {
      throw ValidationError("--discriminator-learning-rate \(rate): must be a number above 0.")
    }
    if kind != .gan, let option = given.first(where: { $0.contains("spectral") || $0.contains("discriminator") }) {
      throw ValidationError("\(option): only gan has a discriminator.")
    }
  }

  var resolvedRecipe: Recipe { recipe ?? .study }

  /// The recipe with what was given put in its place.
  func trainingOptions(for kind: ModelKind) -> TrainingOptions {
    var options = resolvedRecipe.options(for: kind)
    options.horizontalFlips = flips ?? options.horizontalFlips
    options.averageDecay = averageDecay ?? options.averageDecay
    options.spectralNorm = spectralNorm ?? options.spectralNorm
    options.discriminatorLearningRate = discriminatorLearningRate ?? options.discriminatorLearningRate
    return options
  }
}
