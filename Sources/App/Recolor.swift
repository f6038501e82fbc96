import ArgumentParser
import Files
import Glibc
import Logging
import Models

/// The `recolor` command.
@main
struct Recolor: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recolor",
    abstract: "Trains neural networks that color gray pictures, and colors pictures with them.",
    discussion: """
      Computes on any OpenCL device, and on the processor where there is none.

        recolor colorize old.jpg                         color a picture
        recolor devices                                  list the devices
        recolor check                                    check the kernels on a device
        recolor train unet --data scenes --out runs/one  train on built-in pictures
        recolor evaluate runs/one --data scenes          measure the model
        recolor colorize runs/one old.jpg --out colored  color with this model

      ENVIRONMENT:
        RECOLOR_CIFAR10   where --data cifar10 is, instead of the standard places
        RECOLOR_CIFAR100  where --data cifar100 is
        RECOLOR_THREADS   threads of --device cpu, instead of one per usable core
        RECOLOR_MEMORY    most memory to take on the device, such as 2GiB, instead of all it has
        RECOLOR_KERNELS   folder of OpenCL kernel files to use, not the built-in ones
        RECOLOR_CACHE     folder for compiled kernels, decoded images and tuning
                          results; default ~/.cache/recolor; empty: no cache
        RECOLOR_OPENBLAS  the OpenBLAS library that bench measures against
      """,
    version: "recolor \(RecolorVersion.current)",
    subcommands: [
      Devices.self, Check.self, ModelsCommand.self, Train.self, Evaluate.self, Colorize.self,
      Compare.self, Export.self, DataCommand.self, Bench.self, Tune.self, Completions.self,
    ])

  /// The arguments of the command line without the program's name, each as `String.init(path:)`. In those of
  /// `CommandLine.arguments`, bytes that are no UTF-8 are lost.
  static var arguments: [String] {
    (0..<Int(CommandLine.argc)).dropFirst().compactMap { index in
      CommandLine.unsafeArgv[index].map { String(path: $0) }
    }
  }

  static func main() {
    Console.reserveDescriptors()
    LoggingSystem.bootstrap { _ in RemarkHandler() }
    var parsed: any ParsableCommand.Type = Recolor.self
    do {
      var command = try parseAsRoot(TrainArguments.expanded(arguments))
      parsed = type(of: command)
      try command.run()
    } catch {
      Failure.exit(with: error, of: parsed)
    }
  }
}

/// `recolor data`
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data",
    abstract: "Get photographs to train on, and look at them.",
    subcommands: [DataFetch.self, DataInfo.self])
}

/// The end of the command after an error.
enum Failure {
  /// Writes the error in one line and ends the process: with 64 where the command line is wrong, with 1 where the work
  /// failed. Requests for help and for the version are errors of the parser, too; they are answered and end with 0.
  /// - Parameter command: The command that ran; `Recolor` where the command line could not be parsed.
  static func exit(with error: any Error, of command: any ParsableCommand.Type) -> Never {
    // An error in a configuration file counts as one of the command line.
    let isInFile = error is ConfigurationError
    let code = isInFile ? .validationFailure : Recolor.exitCode(for: error)
    if code == .success {
      do throws(OutputError) {
        try Console.output(Recolor.fullMessage(for: error))
      } catch {
        Console.note(error.description)
        Glibc.exit(ExitCode.failure.rawValue)
      }
    } else if !(error is ExitCode) {
      Console.note(
        code == .validationFailure && !isInFile
          ? usageLine(for: error, of: command) : oneLine(String(describing: error)))
    }
    Glibc.exit(code.rawValue)
  }

  /// Returns an error of the command line, with a reference to the subcommand's help.
  private static func usageLine(for error: any Error, of command: any ParsableCommand.Type) -> String {
    let message = oneLine(Recolor.message(for: error))
    let hint: String?
    if error is ValidationError {
      // A command threw it as it ran; the parser does not know which one that was.
      hint = name(of: command).map { "See '\($0) --help' for more information." }
    } else {
      // The last line of the parser's full message names the subcommand's help.
      hint = Recolor.fullMessage(for: error).split(whereSeparator: \.isNewline).last.map { oneLine(String($0)) }
    }
    guard let hint, hint.hasPrefix("See ") else { return message }
    return message + (message.last.map { ".?!".contains($0) } ?? false ? " " : ". ") + hint
  }

  /// Returns the words that name a command: `recolor data fetch`; nil where it is not one of the parent's.
  private static func name(
    of command: any ParsableCommand.Type, in parent: any ParsableCommand.Type = Recolor.self
  ) -> String? {
    if command == parent { return parent._commandName }
    return parent.configuration.subcommands.lazy.compactMap { name(of: command, in: $0) }.first
      .map { "\(parent._commandName) \($0)" }
  }

  /// Joins the lines of a text. The spaces inside them stay: names have them, too.
  private static func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline)
      .map { line in
        String(line.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
      }
      .filter { !$0.isEmpty }.joined(separator: " ")
  }
}
