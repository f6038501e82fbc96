import ArgumentParser
import FoundationEssentials

/// The options of a command, as its help lists them.
enum OptionNames {
  /// Returns the names of a command's options and flags, without leading dashes, and whether each is a flag.
  static func known(of command: any ParsableCommand.Type) -> [String: Bool] {
    struct Help: Decodable {
      struct Command: Decodable { let arguments: [Argument]? }
      struct Argument: Decodable {
        let kind: String
        let names: [Name]?
      }
      struct Name: Decodable { let name: String }
      let command: Command
    }
    // The output of --experimental-dump-help.
    let help = try? JSONDecoder().decode(Help.self, from: Data(command._dumpHelp().utf8))
    var known: [String: Bool] = [:]
    for argument in help?.command.arguments ?? [] where argument.kind != "positional" {
      for name in argument.names ?? [] { known[name.name] = argument.kind == "flag" }
    }
    return known
  }
}
