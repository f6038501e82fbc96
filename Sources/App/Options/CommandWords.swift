import ArgumentParser
import Files
import Imaging

/// The words of a command line that the parser does not know: commands, which it takes for arguments too many, and
/// options. Errors name the nearest word that it knows.
enum CommandWords {
  /// Returns the command that a command line names; a command that has subcommands where none of them follows.
  static func command(in arguments: [String]) -> any ParsableCommand.Type { walk(arguments).command }

  /// Throws `UsageError` where a word is in a command's place and names none.
  static func checkCommand(in arguments: [String]) throws(UsageError) {
    let (parent, unknown) = walk(arguments)
    guard let unknown else { return }
    if parent == Recolor.self, ImageFormat.isImage(named: unknown) || Folder.holdsFile(unknown) {
      let line = ["recolor", "colorize"] + arguments
      throw UsageError(
        "\(unknown): is no command; did you mean \"\(line.map(Format.shellWord).joined(separator: " "))\"?", of: parent)
    }
    let commands = paths(below: parent)
    let nearest =
      unknown.nearest(in: commands)
      ?? commands.first { path in path.split(separator: " ").last.map { $0 == unknown } ?? false }
    throw UsageError(
      "unknown command \"\(unknown)\"; "
        + (nearest.map { "did you mean \"\($0)\"?" }
          ?? "there is \(Format.list(parent.configuration.subcommands.map { $0._commandName }, "and"))"),
      of: parent)
  }

  /// Throws `UsageError` where an argument is empty, as an unset variable of a shell makes it. It would stand for the
  /// working folder, or for nothing.
  static func checkNotEmpty(_ arguments: [String]) throws(UsageError) {
    // Shells ask for completions of words that are still empty.
    if arguments.first?.hasPrefix("---completion") ?? false { return }
    for (index, argument) in arguments.enumerated() {
      let isEmptyValue = argument.hasPrefix("--") && argument.firstIndex(of: "=") == argument.indices.last
      guard argument.isEmpty || isEmptyValue else { continue }
      let before = index > 0 && arguments[index - 1].hasPrefix("--") ? arguments[index - 1] : nil
      let name = isEmptyValue ? String(argument.dropLast()) : before ?? "argument \(index + 1)"
      throw UsageError("\(name): is empty; give it a value, or leave it out", of: command(in: arguments))
    }
  }

  /// Returns the error of the first option that the command does not have; nil where it has all of them, and where
  /// help is asked for.
  static func unknownOption(in arguments: [String]) -> UsageError? {
    let command = command(in: arguments)
    let known = OptionNames.known(of: command)
    var isValue = false
    for argument in arguments {
      if argument == "--" { return nil }
      guard !isValue, argument.hasPrefix("--") else {
        isValue = false
        continue
      }
      let name = argument.dropFirst(2).prefix { $0 != "=" }
      guard let isFlag = known[String(name)] else {
        if ofParser.contains(String(name)) { return nil }
        let nearest = String(name).nearest(in: known.keys.filter { $0.count > 1 })
        return UsageError(
          "unknown option --\(name)" + (nearest.map { "; did you mean --\($0)?" } ?? ""), of: command)
      }
      isValue = !isFlag && !argument.contains("=")
    }
    return nil
  }

  /// Options that the parser adds to every command.
  private static let ofParser: Set = [
    "help", "version", "help-hidden", "experimental-dump-help", "generate-completion-script",
  ]

  /// Follows the commands' names from the first word on, after `help` as well.
  /// - Returns: The last command found, and the word after it where it has subcommands and the word names none.
  private static func walk(_ arguments: [String]) -> (command: any ParsableCommand.Type, unknown: String?) {
    var command: any ParsableCommand.Type = Recolor.self
    for word in arguments.first == "help" ? arguments.dropFirst() : arguments[...] {
      let subcommands = command.configuration.subcommands
      if subcommands.isEmpty || word.hasPrefix("-") { break }
      guard let next = subcommands.first(where: { $0._commandName == word }) else { return (command, word) }
      command = next
    }
    return (command, nil)
  }

  /// Returns the names of the commands below another: `train`, `data`, `data fetch`.
  private static func paths(below parent: any ParsableCommand.Type) -> [String] {
    parent.configuration.subcommands.flatMap { command in
      [command._commandName] + paths(below: command).map { "\(command._commandName) \($0)" }
    }
  }
}

/// An error of the command line, about which the help of a command says more.
struct UsageError: Error {
  let message: String
  let command: any ParsableCommand.Type

  init(_ message: String, of command: any ParsableCommand.Type) {
    self.message = message
    self.command = command
  }
}
