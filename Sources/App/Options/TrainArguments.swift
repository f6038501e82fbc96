import ArgumentParser
import Models

/// The command line of `recolor train` with the options of the file that `--config` names in front of it.
///
/// A file's options pass the same parser and the same checks as those of the command line, so every option of the
/// command is a key of such a file.
enum TrainArguments {
  /// Options that a file cannot give.
  private static let excluded: Set = ["help", "version", "config", "resume", "serve", "port", "quiet", "verbose"]

  /// Returns the arguments with the options of the file that `--config` names, except those on the command line, and
  /// those of its recipe where the command line names a recipe. `--config` stays, for messages.
  /// - Parameter arguments: The command line without the program's name.
  /// - Throws: `ConfigurationError`.
  static func expanded(_ arguments: [String]) throws(ConfigurationError) -> [String] {
    var typed = Array(arguments.dropFirst())
    // `Train` refuses both options at once.
    guard arguments.first == "train", !["--resume", "--help", "-h"].contains(where: { isGiven($0, in: typed) }),
      let path = removeConfiguration(from: &typed)
    else { return arguments }
    let file = try ConfigurationFile(reading: path)
    let model = try model(for: file, typed: typed)
    let options = try options(of: file, for: model)
    try check(options, of: file, for: model)
    // The parser reports a recipe that is none.
    let recipe = value(of: "--recipe", in: typed).flatMap(Recipe.init)
    let replaced = recipe.map { recipe in TrainOptions.all.filter { $0.isReplaced(recipe, model) }.map(\.name) } ?? []
    let left = options.filter { option in
      !option.names.contains { isGiven($0, in: typed) } && !replaced.contains(option.entry.name)
    }
    return ["train", "--config=\(path)"] + (modelTyped(in: typed) == nil ? [model.rawValue] : [])
      + left.flatMap(\.arguments) + typed
  }

  /// An option in the file.
  private struct FileOption {
    let entry: ConfigurationFile.Entry
    /// The option on a command line: `--batch-size=8`; empty for a flag that is not set.
    let arguments: [String]
    /// The options on the command line that replace it.
    let names: [String]
  }

  /// Whether an option stands on this process's command line, and not only in the file that `--config` names.
  static func isTyped(_ name: String) -> Bool { isGiven(name, in: Recolor.arguments) }

  private static func isGiven(_ name: String, in arguments: [String]) -> Bool {
    arguments.contains { $0 == name || $0.hasPrefix(name + "=") }
  }

  /// Returns the last value of an option, `--recipe best` or `--recipe=best`; nil where it is not given.
  private static func value(of name: String, in arguments: [String]) -> String? {
    for (index, argument) in arguments.enumerated().reversed() {
      if argument.hasPrefix(name + "=") { return String(argument.dropFirst(name.count + 1)) }
      if argument == name { return index + 1 < arguments.count ? arguments[index + 1] : nil }
    }
    return nil
  }

  /// Removes `--config FILE` or `--config=FILE` from the arguments, and returns the file.
  private static func removeConfiguration(from arguments: inout [String]) -> String? {
    guard let index = arguments.firstIndex(where: { $0 == "--config" || $0.hasPrefix("--config=") }) else { return nil }
    if let equals = arguments[index].firstIndex(of: "=") {
      return String(arguments.remove(at: index)[equals...].dropFirst())
    }
    // The parser reports that the file is missing.
    guard index + 1 < arguments.count else { return nil }
    defer { arguments.removeSubrange(index...index + 1) }
    return arguments[index + 1]
  }

  /// The model among the arguments. An option's value may be the same word.
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
    guard let named = ModelKind(rawValue: entry.value) else {
      throw ConfigurationError(
        path: file.path, line: entry.line, problem: "\(entry.key): \"\(entry.value)\" must be \(ModelKind.names)")
    }
    if let typed, typed != named {
      throw ConfigurationError(path: file.path, line: entry.line, problem: "is for \(named), not for \(typed)")
    }
    return named
  }

  private static func options(
    of file: ConfigurationFile, for model: ModelKind
  ) throws(ConfigurationError) -> [FileOption] {
    let known = knownOptions
    let foreign = TrainOptions.all.filter { !$0.isOf(model) }.map(\.name)
    var options: [FileOption] = []
    for entry in file.entries where entry.name != "model" {
      guard let isFlag = known[entry.name] else {
        let all = Set(known.keys).union(["model"]).union(ConfigurationFile.records)
        let nearest = entry.name.nearest(in: all)
        throw ConfigurationError(
          path: file.path, line: entry.line,
          problem: "unknown key \"\(entry.key)\"" + (nearest.map { "; did you mean \"\($0)\"?" } ?? ""))
      }
      // A run's configuration has the options of other models too.
      if foreign.contains(entry.name) { continue }
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

  /// The options of a file without those of the command line, with which some of them may only go together.
  private struct FileArguments: ParsableArguments {
    @Argument var model: ModelKind
    @Option var out: String?
    @OptionGroup var options: TrainOptions

    func validate() throws { try options.validate(for: model) }
  }

  /// Parses the file's options without those of the command line, so that an error names the file.
  private static func check(
    _ options: [FileOption], of file: ConfigurationFile, for model: ModelKind
  ) throws(ConfigurationError) {
    let arguments = options.flatMap(\.arguments)
    do {
      _ = try FileArguments.parse([model.rawValue] + arguments)
    } catch {
      let message = FileArguments.message(for: error).printing(arguments).onOneLine
      let entry = options.map(\.entry).first { entry in
        message.split { " :='<>".contains($0) }.contains { $0 == "--\(entry.name)" }
      }
      throw ConfigurationError(path: file.path, line: entry?.line, problem: message)
    }
  }

  /// The long names of all options and flags that a file may give, without leading dashes, and whether each is a flag.
  private static var knownOptions: [String: Bool] {
    OptionNames.known(of: Train.self).filter { $0.key.count > 1 && !excluded.contains($0.key) }
  }
}
