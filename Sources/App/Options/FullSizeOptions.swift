import ArgumentParser

/// The options of `recolor evaluate` about photographs at full size.
struct FullSizeOptions: ParsableArguments {
  @Flag(
    help: ArgumentHelp(
      "Measure the photographs of a folder at their full size, colored as colorize does.",
      discussion: "Where the folder holds folders train and test, those in test; without test, those in val."))
  var fullSize = false
  @OptionGroup var coloring: ColoringOptions
  @Option(help: ArgumentHelp("Also write the scores of each picture to this file.", valueName: "file"))
  var csv: String?

  /// Throws `ValidationError` where options cannot be used, or not together with the command's others.
  func validate(with command: Evaluate) throws {
    if fullSize {
      guard case .folder = command.data else {
        throw ValidationError("--full-size: measures a folder of photographs; \(command.data) has one size only.")
      }
      if command.split != nil { throw ValidationError("--split: --full-size measures all photographs of a folder.") }
      if command.predictions != nil {
        throw ValidationError("--predictions: holds images of one size; colorize writes those of any size.")
      }
    } else {
      let given = coloring.given + (csv == nil ? [] : ["--csv"])
      if let name = given.first { throw ValidationError("\(name): needs --full-size.") }
    }
  }
}
