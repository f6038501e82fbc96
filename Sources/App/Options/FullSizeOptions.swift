import ArgumentParser
import Models

/// The options of `recolor evaluate` about photographs at full size.
struct FullSizeOptions: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      "Measure the photographs of a folder at their full size, colored as colorize does.",
      discussion: "Where the folder holds folders train and test, those in test."))
  var fullSize = false
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Pixels of the shorter side as the model sees the picture. (default: as colorize)", valueName: "pixels"))
  var workingSize: Int?
  @Option(
    parsing: .unconditional, help: "Factor of the model's colors, from 0, which is gray, to 2. (default: as colorize)")
  var strength: Float?
  @Option(help: ArgumentHelp("Also write the scores of each picture to this file.", valueName: "file"))
  var csv: String?

  /// Throws `ValidationError` where options cannot be used, or not together with the command's others.
  func validate(with command: Evaluate) throws {
    try Requirement.workingSizes.check(workingSize, of: "working-size")
    try Requirement.within(Colorizer.strengths).check(strength, of: "strength")
    if fullSize {
      guard case .folder = command.data else {
        throw ValidationError("--full-size: measures a folder of photographs; \(command.data) has one size only.")
      }
      if command.split != nil { throw ValidationError("--split: --full-size measures all photographs of a folder.") }
      if command.predictions != nil {
        throw ValidationError("--predictions: holds images of one size; colorize writes those of any size.")
      }
    } else {
      let given = [(workingSize != nil, "--working-size"), (strength != nil, "--strength"), (csv != nil, "--csv")]
      for (isGiven, name) in given where isGiven { throw ValidationError("\(name): needs --full-size.") }
    }
    try NewFile.check(csv, of: "csv")
  }
}
