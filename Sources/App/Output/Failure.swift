import ArgumentParser
import Glibc

/// How the command ends when something is wrong.
enum Failure {
  /// Says what is wrong in one line, and ends the process: with 64 if the command line is, with 1 if the work failed. A
  /// request for help or for the version also comes here; it prints that and ends with 0.
  static func exit(with error: any Error) -> Never {
    // What a configuration file says is taken for a part of the command line.
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
      Console.note(code == .validationFailure && !isInFile ? usageLine(for: error) : oneLine(String(describing: error)))
    }
    Glibc.exit(code.rawValue)
  }

  /// What is wrong with the command line, and which help tells more.
  private static func usageLine(for error: any Error) -> String {
    let message = oneLine(Recolor.message(for: error))
    // The parser ends its message with the usage, whose last line names the subcommand's help.
    let hint = Recolor.fullMessage(for: error).split(whereSeparator: \.isNewline).last.map { oneLine(String($0)) }
    guard let hint, hint.hasPrefix("See ") else { return message }
    return message + (message.hasSuffix(".") ? " " : ". ") + hint
  }

  private static func oneLine(_ text: String) -> String {
    text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }
}
