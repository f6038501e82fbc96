import ArgumentParser
import Files
import Glibc
import Logging
import MessagePassing
import Models
import Runtime

/// The `recolor` command.
@main
struct Recolor: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recolor",
    abstract: "Trains neural networks that color gray pictures, and colors pictures with them.",
    discussion: """
      Computes on any OpenCL device, and on the processor where there is none.

        recolor colorize old.jpg                         # color a picture
        recolor serve                                    # do so in the browser
        recolor devices                                  # list the devices
        recolor check                                    # check the kernels
        recolor train unet --data scenes --out runs/one  # train on built-in pictures
        recolor evaluate runs/one --data scenes          # measure the model
        recolor colorize runs/one old.jpg --out colored  # color with this model

      ENVIRONMENT:
        RECOLOR_CIFAR10   where --data cifar10 is, not in the standard places
        RECOLOR_CIFAR100  where --data cifar100 is
        RECOLOR_THREADS   threads of --device cpu, and pictures that are colored at a
                          time, not one per usable core
        RECOLOR_MEMORY    most memory to take on the device, such as 2GiB
        RECOLOR_KERNELS   folder of OpenCL kernel files to use, not the built-in ones
        RECOLOR_PAGE      folder of the page's files for serve to use, not the
                          built-in ones
        RECOLOR_CACHE     folder for compiled kernels, decoded images and tuning
                          results; default ~/.cache/recolor; empty: no cache
        RECOLOR_LIBHEIF   the libheif library that reads HEIC and AVIF files
        RECOLOR_MPI       librecolor-mpi.so to use under mpirun, not the one beside
                          the program
        RECOLOR_MPI_TIMEOUT
                          seconds to wait for a message of another rank; default 600;
                          0: no limit
        RECOLOR_BLAS      library for --cpu-products blas to use, not OpenBLAS
        RECOLOR_INSTRUCTION_SET
                          baseline, v3 or v4: the most that the vector loops of
                          --device cpu use, not all that the processor has
        NO_COLOR          no colors in messages
      """,
    version: version,
    subcommands: [
      Devices.self, Check.self, ModelsCommand.self, Train.self, Evaluate.self, Colorize.self,
      Compare.self, Serve.self, Export.self, DataCommand.self, Bench.self, Tune.self, Completions.self,
    ])

  /// The answer to `--version`, with the MPI whose library is beside the program. For this answer alone it is loaded.
  private static var version: String {
    let mpi = arguments.first == "--version" && MPILibrary.isPresent ? try? MPILibrary.shared().mpi : nil
    return "recolor \(RecolorVersion.current)" + (mpi.map { " (\($0))" } ?? "")
  }

  /// The arguments of the command line without the program's name, each as `String.init(path:)`. In those of
  /// `CommandLine.arguments`, bytes that are no UTF-8 are lost.
  static var arguments: [String] {
    (0..<Int(CommandLine.argc)).dropFirst().compactMap { index in
      CommandLine.unsafeArgv[index].map { String(path: $0) }
    }
  }

  /// The command line, with the program's name instead of its path.
  static var commandLine: String { (["recolor"] + arguments.map(Format.shellWord)).joined(separator: " ") }

  static func main() {
    Console.reserveDescriptors()
    LoggingSystem.bootstrap { _ in RemarkHandler() }
    let arguments = Self.arguments
    KernelHelper.serve(arguments)
    KernelHelper.allow()
    CompilationDisplay.start()
    do {
      try CommandWords.checkCommand(in: arguments)
      try CommandWords.checkNotEmpty(arguments)
      var command = try parseAsRoot(TrainArguments.expanded(arguments))
      if let speaking = command as? any SpeakingCommand { Console.level = speaking.verbosity.level }
      try command.run()
      try Communicator.joined?.leave()
    } catch {
      Failure.exit(with: error, of: arguments)
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
  /// Writes the error in one line and ends the process, with those of other ranks: with 64 where the command line or a
  /// value in a configuration file is wrong; with 1 where the work failed, or a file or folder is missing, in the way,
  /// or of another kind.
  /// Requests for help and for the version are errors of the parser, too; they are answered and end with 0.
  /// - Parameter arguments: The command line without the program's name.
  static func exit(with error: any Error, of arguments: [String]) -> Never {
    let code = exitCode(for: error)
    if code == .success {
      do throws(OutputError) {
        try Console.output(HelpText.ordered(Recolor.fullMessage(for: error)))
      } catch {
        Console.error(error.description)
        Glibc.exit(ExitCode.failure.rawValue)
      }
      Glibc.exit(code.rawValue)
    }
    // A stop by a signal is all ranks' as well.
    Communicator.exit(code: code.rawValue, isOfAllRanks: error is ExitCode || isOfAllRanks(error)) {
      if error is ExitCode { return }
      Console.error(
        code == .validationFailure && !(error is ConfigurationError)
          ? usageLine(for: error, of: arguments) : String(describing: error))
    }
  }

  /// Whether an error is certainly every rank's.
  private static func isOfAllRanks(_ error: any Error) -> Bool {
    switch error {
    case let error as MessagePassingError: error.isOfAllRanks
    case BackendError.messages(let error): error.isOfAllRanks
    default: error is FailedRank
    }
  }

  private static func exitCode(for error: any Error) -> ExitCode {
    switch error {
    case is UsageError: .validationFailure
    case let error as ConfigurationError: error.isUnreadable ? .failure : .validationFailure
    default: Recolor.exitCode(for: error)
    }
  }

  /// Returns an error of the command line, with a reference to the command's help.
  private static func usageLine(for error: any Error, of arguments: [String]) -> String {
    // The parser names the nearest option by its letters alone, and options that are missing before those that are
    // unknown.
    let isOfParser = !(error is ValidationError)
    let usage = error as? UsageError ?? (isOfParser ? CommandWords.unknownOption(in: arguments) : nil)
    let text = usage?.message ?? Recolor.message(for: error)
    // Only the parser's text has lines of its own; those of a word in it are written out here, as elsewhere.
    let message = isOfParser && usage == nil ? text.printing(arguments).onOneLine : text
    let command = usage?.command ?? CommandWords.command(in: arguments)
    let hint = name(of: command).map { "See '\($0) --help' for more information." } ?? ""
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
}
