import ArgumentParser
import Data

/// The option `--toned` of the commands that measure.
struct TonedOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Whether to keep or to drop a folder's gray and toned photographs, which show no colors. (default: drop)",
      discussion: "Where images of a run's own folder are measured, the default is as in the run.",
      valueName: TonedImages.allValueStrings.joined(separator: "|")))
  var toned: TonedImages?
}

extension TonedImages: ExpressibleByArgument {}
