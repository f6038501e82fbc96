import ArgumentParser
import Models

/// The option `--device-images`. It decides nothing about results, so it may be another when a run goes on.
struct ResidencyOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Photographs that lie on the device at a time: auto, all, or a number.",
      discussion: """
        auto keeps all there unless they take more than half of its memory. Of a number of them, or of what auto takes \
        then, half is trained on while the next ones are brought together in the background. The results are the same, \
        bit for bit.
        """,
      valueName: "images"))
  var deviceImages: ImageResidency = .automatic
}

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
