import ArgumentParser
import Models

/// The options of `recolor train` that say when it saves and when it gives up. They change nothing about what is learned, so a
/// run that goes on may be given others.
struct SavingOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Save after every so many steps too, not only after every epoch.", valueName: "steps"))
  var saveEvery: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Keep the last so many of these saves as checkpoints/epoch_012.safetensors and step_000500.safetensors. (default: 0)",
      valueName: "count"))
  var keep: Int?
  @Flag(help: "Go on though the discriminator of gan has won.")
  var noGuard = false
}

extension SavingOptions {
  /// Throws where an option cannot be used.
  func validate(for kind: ModelKind) throws {
    if let saveEvery, saveEvery < 1 { throw ValidationError("--save-every \(saveEvery): must be at least 1.") }
    if let keep, keep < 0 { throw ValidationError("--keep \(keep): must not be negative.") }
    if noGuard, kind != .gan { throw ValidationError("--no-guard: only gan has a discriminator.") }
  }

  /// Puts what was given into a configuration.
  func apply(to configuration: inout RunConfiguration) {
    if let saveEvery { configuration.saveEvery = saveEvery }
    if let keep { configuration.keep = keep }
    if noGuard { configuration.noGuard = true }
  }
}
