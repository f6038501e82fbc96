import ArgumentParser
import FoundationEssentials
import Models

/// The command line of `recolor train` with what `--config FILE` says put in front of it.
///
/// What a file says goes through the same parser and the same checks as what is typed, so every option of the command is a key
/// of such a file by itself.
enum TrainArguments {
  /// Options that a file cannot give: they are for one call alone.
  private static let excluded: Set = ["help", "version", "config", "resume"]
  /// What the configuration of a unet tells and only a gan has.
  private static let onlyGAN: Set = ["l1-weight", "discriminator-learning-rate", "spectral-norm", "no-guard"]

  /// What a recipe decides: of a file, these are left out where another recipe is typed.
  private static let ofRecipe: Set = [
    "recipe", "batch-size", "learning-rate", "discriminator-learning-rate", "l1-weight", "flips", "average-decay",
    "spectral-norm",
  ]

  /// Puts the options of the file that `--config` names into the arguments; what is typed as well goes first.
  /// - Parameter arguments: without the program's name.
  /// - Throws: `ConfigurationError`.
  static func expanded(_ arguments: [String]) throws(ConfigurationError) -> [String] {
    var typed = Array(arguments.dropFirst())
    // A resumed run has a configuration, which Train says.
    guard arguments.first == "train", !["--resume", "--help", "-h"].contains(where: { isGiven($0, in: typed) }),
      let path = removeConfiguration(from: &typed)
    else { return arguments }
    let file = try ConfigurationFile(reading: path)
    let model = try model(for: file, typed: typed)
    let options = try options(of: file, for: model)
    try check(options, of: file, for: model)
    let isRecipeTyped = isGiven("--recipe", in: typed)
    let left = options.filter { option in
      !option.names.contains { isGiven($0, in: typed) } && !(isRecipeTyped && ofRecipe.contains(option.entry.name))
    }
    return ["train"] + (modelTyped(in: typed) == nil ? [model.rawValue] : []) + left.flatMap(\.arguments) + typed
  }

  /// An option that the file gives.
  private struct FileOption {
    let entry: ConfigurationFile.Entry
    /// As the command line would have it: `--batch-size=8`, or nothing for a flag that is not set.
    let arguments: [String]
    /// What on the command line takes its place.
    let names: [String]
  }

  private static func isGiven(_ name: String, in arguments: [String]) -> Bool {
    arguments.contains { $0 == name || $0.hasPrefix(name + "=") }
  }

  /// Takes `--config FILE` or `--config=FILE` out of the arguments.
  private static func removeConfiguration(from arguments: inout [String]) -> String? {
    guard let index = arguments.firstIndex(where: { $0 == "--config" || $0.hasPrefix("--config=") }) else { return nil }
    if let equals = arguments[index].firstIndex(of: "=") {
      return String(arguments.remove(at: index)[equals...].dropFirst())
    }
    // The parser says that the file is missing.
    guard index + 1 < arguments.count else { return nil }
    defer { arguments.removeSubrange(index...index + 1) }
    return arguments[index + 1]
  }

  /// The model among the arguments; a folder may be called so too.
  private static func modelTyped(in arguments: [String]) -> ModelKind? {
    let known = knownOptions
    var isValue = false
    for argument in arguments {
      if !isValue, let model = ModelKind(rawValue: argument) { return model }
      isValue = !isValue && argument.hasPrefix("--") && known[String(argument.dropFirst(2))] == false
    }
    return nil
  }

  private static func model(for file: ConfigurationFile, typed: [String]) throws(ConfigurationError) -> ModelKind {
    let typed = modelTyped(in: typed)
    guard let entry = file.entries.first(where: { $0.name == "model" }) else {
      guard let typed else {
        throw ConfigurationError(path: file.path, problem: "names no model, and neither does the command line")
      }
      return typed
    }
    guard let told = ModelKind(rawValue: entry.value) else {
      throw ConfigurationError(
        path: file.path, line: entry.line, problem: "\(entry.key): \"\(entry.value)\" must be unet or gan")
    }
    if let typed, typed != told {
      throw ConfigurationError(path: file.path, line: entry.line, problem: "is for \(told), not for \(typed)")
    }
    return told
  }

  private static func options(
    of file: ConfigurationFile, for model: ModelKind
  ) throws(ConfigurationError) -> [FileOption] {
    let known = knownOptions
    var options: [FileOption] = []
    for entry in file.entries where entry.name != "model" {
      guard let isFlag = known[entry.name] else {
        let all = Set(known.keys).union(["model"]).union(ConfigurationFile.records)
        let nearest = Spelling.nearest(to: entry.name, among: all)
        throw ConfigurationError(
          path: file.path, line: entry.line,
          problem: "unknown key \"\(entry.key)\"" + (nearest.map { "; did you mean \"\($0)\"?" } ?? ""))
      }
      if model != .gan, onlyGAN.contains(entry.name) { continue }
      let positive = "--\(entry.name)"
      let negative = "--no-\(entry.name)"
      guard isFlag else {
        options.append(FileOption(entry: entry, arguments: ["\(positive)=\(entry.value)"], names: [positive]))
        continue
      }
      guard let isSet = Bool(entry.value) else {
        throw ConfigurationError(
          path: file.path, line: entry.line, problem: "\(entry.key): \"\(entry.value)\" must be true or false")
      }
      let unset = known["no-\(entry.name)"] == nil ? [] : [negative]
      options.append(FileOption(entry: entry, arguments: isSet ? [positive] : unset, names: [positive, negative]))
    }
    return options
  }

  /// Passes what the file says to the command by itself, so that what is wrong is told of the file.
  private static func check(
    _ options: [FileOption], of file: ConfigurationFile, for model: ModelKind
  ) throws(ConfigurationError) {
    do {
      let folder = options.contains { $0.entry.name == "out" } ? [] : ["--out", "run"]
      _ = try Train.parse([model.rawValue] + folder + options.flatMap(\.arguments))
    } catch {
      let message = Train.message(for: error)
      let entry = options.map(\.entry).first { entry in
        message.split { " :='<>".contains($0) }.contains { $0 == "--\(entry.name)" }
      }
      throw ConfigurationError(path: file.path, line: entry?.line, problem: message)
    }
  }

  /// Every option and flag of the command by its name without dashes, and whether it is a flag.
  private static var knownOptions: [String: Bool] {
    struct Help: Decodable {
      struct Command: Decodable { let arguments: [Argument] }
      struct Argument: Decodable {
        let kind: String
        let names: [Name]?
      }
      struct Name: Decodable { let name: String }
      let command: Command
    }
    // What --experimental-dump-help prints: the parser's own list.
    let help = try? JSONDecoder().decode(Help.self, from: Data(Train._dumpHelp().utf8))
    var known: [String: Bool] = [:]
    for argument in help?.command.arguments ?? [] where argument.kind != "positional" {
      for name in argument.names ?? [] where !excluded.contains(name.name) {
        known[name.name] = argument.kind == "flag"
      }
    }
    return known
  }
}
