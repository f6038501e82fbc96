import ArgumentParser
import Data
import Models
import Runtime

/// The options that change how a model learns from the study's recipe.
struct RecipeOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The recipe that the other options modify: \(Recipe.names). (default: study)",
      discussion: """
        best is what measured best. quick takes about ten minutes on CIFAR-10 with two cores. Their values are in the help \
        of the other options.
        """))
  var recipe: Recipe?
  @Option(
    help: ArgumentHelp(
      "What the network predicts: rgb or lab. (default: that of --init, or \(Recipe.defaults(\.colorSpace)))",
      discussion: "lab keeps the photograph's L* of CIELAB and predicts a* and b*.", valueName: "space"))
  var colorSpace: ColorSpace?
  @Option(
    help: ArgumentHelp(
      "The error of colors that unet minimizes. (default: \(Recipe.defaults(\.options.loss)))",
      discussion: """
        mse, the squared error, is least at the mean of the colors that are possible, often a brown; l1, the absolute \
        error, at their median, which is grayer where a color is unsure.
        """,
      valueName: ColorLoss.allValueStrings.joined(separator: "|")))
  var loss: ColorLoss?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      How much rare colors weigh in the loss of colors, from 0 (as much as common ones) to 1. \
      (default: \(Recipe.defaults(\.options.rebalancing)))
      """,
      discussion: "Only with --color-space lab. Colors come out more vivid, and less right on average.",
      valueName: "strength"))
  var rebalancing: Float?
  @Flag(exclusivity: .chooseLast) private var givenFlips: FlipsFlag?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      Color with an exponential moving average of the generator's weights with this decay; 0 for none. \
      (default: \(Recipe.defaults(\.options.averageDecay)))
      """,
      valueName: "decay"))
  var averageDecay: Float?
  @Flag(exclusivity: .chooseLast) private var givenSpectralNorm: SpectralNormFlag?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Adam's learning rate for gan's discriminator. (default: as --learning-rate)", valueName: "learning-rate"))
  var discriminatorLearningRate: Float?

  /// Whether photographs are flipped; nil where it is not given.
  var flips: Bool? { givenFlips.map { $0 == .flips } }
  /// Whether the discriminator's weights are divided by their spectral norms; nil where it is not given.
  var spectralNorm: Bool? { givenSpectralNorm.map { $0 == .spectralNorm } }
}

/// The flags `--flips` and `--no-flips`.
enum FlipsFlag: EnumerableFlag {
  case flips, noFlips

  static func help(for flag: Self) -> ArgumentHelp? {
    switch flag {
    case .flips:
      """
      Flip photographs horizontally with probability 1/2, drawn anew each epoch. (default: \
      \(Recipe.defaults(\.options.horizontalFlips)))
      """
    case .noFlips: "Leave photographs as they are."
    }
  }
}

/// The flags `--spectral-norm` and `--no-spectral-norm`.
enum SpectralNormFlag: EnumerableFlag {
  case spectralNorm, noSpectralNorm

  static func help(for flag: Self) -> ArgumentHelp? {
    switch flag {
    case .spectralNorm: "Divide the weights of gan's discriminator by their spectral norms."
    case .noSpectralNorm: "Use the discriminator's weights as they are. (default)"
    }
  }
}
