import ArgumentParser
import Models

/// The options of commands about how a model's colors are put on photographs.
struct ColoringOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Pixels of the shorter side as the model sees the picture. (default: the model's)", valueName: "pixels"))
  var workingSize: Int?
  @Option(
    parsing: .unconditional,
    help: "How colorful: the factor of the model's colors, from 0, which is gray, to 2. (default: the model's, or 1)")
  var strength: Float?
  @Option(
    parsing: .unconditional,
    help: """
      How much faint colors give way to vivid ones, from 0, the model's own proportions, to 4. (default: the model's, \
      or 0)
      """)
  var colorContrast: Float?

  /// The settings that are given.
  var choice: ColoringChoice {
    ColoringChoice(workingSize: workingSize, strength: strength, contrast: colorContrast)
  }

  /// The names of the options that are given.
  var given: [String] {
    [("--working-size", workingSize != nil)].compactMap { $1 ? $0 : nil } + givenOfChroma
  }

  /// The names of those that are given and change the predicted chroma.
  var givenOfChroma: [String] {
    [("--strength", strength != nil), ("--color-contrast", colorContrast != nil)].compactMap { $1 ? $0 : nil }
  }

  func validate() throws {
    try Requirement.within(ColoringSettings.workingSizes).check(workingSize, of: "working-size")
    try Requirement.within(ColoringSettings.strengths).check(strength, of: "strength")
    try Requirement.within(ColoringSettings.contrasts).check(colorContrast, of: "color-contrast")
  }
}
