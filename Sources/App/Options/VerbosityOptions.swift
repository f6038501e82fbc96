import ArgumentParser

/// The flags that say how much a command writes to standard error.
struct VerbosityOptions: ParsableArguments {
  @Flag(name: .shortAndLong, help: "Write no remarks and no progress; warnings and errors only.")
  var quiet = false
  @Flag(name: .shortAndLong, help: "Also write details, such as the device of commands that compute.")
  var verbose = false

  func validate() throws {
    if quiet, verbose { throw ValidationError("--verbose: contradicts --quiet.") }
  }

  var level: Console.Level { quiet ? .quiet : verbose ? .verbose : .usual }
}

/// A command with these flags.
protocol SpeakingCommand: ParsableCommand {
  var verbosity: VerbosityOptions { get }
}
