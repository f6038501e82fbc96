import ArgumentParser
import Files
import FoundationEssentials
import Yams

/// A file with options of `recolor train`, in JSON or YAML, such as a run's `config.json`.
///
/// Its keys are the options' names, as on the command line (`batch-size`) or as in a run's `config.json` (`batchSize`),
/// where some are grouped under `model` and `options`. The record `initialWeights` there is a value of `init`, with the
/// digest.
struct ConfigurationFile {
  /// One option in the file.
  struct Entry {
    /// The key in the file: `options.batchSize`.
    let key: String
    /// The option's name on the command line, without leading dashes: `batch-size`.
    let name: String
    let value: String
    /// From 1.
    let line: Int
  }

  let path: String
  let entries: [Entry]

  /// Keys whose values hold options.
  private static let groups: Set = ["model", "options"]

  /// Keys of a run's `config.json` that are no options.
  static let records: Set = [
    "version", "data-folder", "data-fingerprint", "device-description", "tuning", "folders",
  ]

  /// The names on the command line of keys that are no options' names.
  private static var otherNames: [String: String] {
    TrainOptions.all.reduce(into: ["kind": "model"]) { names, option in
      for key in option.keys { names[key] = option.name }
    }
  }

  /// Largest size of a file, in bytes.
  private static let largestFile = 1 << 20

  /// - Throws: `ConfigurationError`.
  init(reading path: String) throws(ConfigurationError) {
    self.path = path
    let root: Node?
    do {
      let text = try readText(path, limit: Self.largestFile)
      // JSON is a subset of YAML, except for the surrogates in which it may name a path.
      let isJSON = text.first { !$0.isWhitespace } == "{"
      root = try Yams.compose(yaml: isJSON ? text.restoringPathBytes : text)
    } catch let error as FileError {
      throw ConfigurationError(unreadable: error)
    } catch {
      throw ConfigurationError(path: path, yaml: error)
    }
    guard let mapping = root?.mapping else {
      throw ConfigurationError(path: path, problem: "is neither a JSON object nor a YAML mapping")
    }
    var entries: [Entry] = []
    for (key, value) in mapping {
      guard let name = key.string else { throw Self.notAKey(key, in: path) }
      if Self.records.contains(Self.optionName(name)) { continue }
      if Self.optionName(name) == "initial-weights", let weights = WeightsReference(recorded: value) {
        entries.append(Entry(key: name, name: "init", value: weights.description, line: key.mark?.line ?? 1))
        continue
      }
      if Self.groups.contains(name), let group = value.mapping {
        for (member, value) in group {
          guard let memberName = member.string else { throw Self.notAKey(member, in: path) }
          entries += try Self.entry("\(name).\(memberName)", memberName, member, value, in: path)
        }
      } else {
        entries += try Self.entry(name, name, key, value, in: path)
      }
    }
    self.entries = entries
    try requireOneValueEach()
  }

  /// Returns the entry of a key; none where the value is null.
  private static func entry(
    _ key: String, _ name: String, _ node: Node, _ value: Node, in path: String
  ) throws(ConfigurationError) -> [Entry] {
    let line = node.mark?.line ?? 1
    if value.null != nil { return [] }
    guard let text = value.scalar?.string else {
      throw ConfigurationError(path: path, line: line, problem: "\(key): must be a single value")
    }
    let option = optionName(name)
    return [Entry(key: key, name: otherNames[option] ?? option, value: text, line: line)]
  }

  private static func notAKey(_ node: Node, in path: String) -> ConfigurationError {
    ConfigurationError(path: path, line: node.mark?.line, problem: "a key must be a single word")
  }

  /// Throws where two keys of one option, such as the height and the width of the images, have different values.
  private func requireOneValueEach() throws(ConfigurationError) {
    var found: [String: Entry] = [:]
    for entry in entries {
      if let other = found.updateValue(entry, forKey: entry.name), other.value != entry.value {
        throw ConfigurationError(
          path: path, line: entry.line,
          problem: "\(entry.key): says \(entry.value), but \(other.key) in line \(other.line) says \(other.value)")
      }
    }
  }

  /// Returns the spelling of a key as an option: `batch-size` for `batchSize` and `batch_size`.
  private static func optionName(_ key: String) -> String {
    key.reduce(into: "") { name, character in
      if character.isUppercase, !name.isEmpty { name += "-" }
      name += character == "_" ? "-" : character.lowercased()
    }
  }
}

/// An error in a file for `--config`. `description` is one line that names the place.
struct ConfigurationError: Error, CustomStringConvertible {
  let path: String
  /// From 1; nil for the whole file.
  let line: Int?
  let problem: String
  /// Whether the file cannot be read; otherwise something in it is wrong, as it would be on the command line.
  let isUnreadable: Bool

  init(path: String, line: Int? = nil, problem: String) {
    self.path = path
    self.line = line
    self.problem = problem
    isUnreadable = false
  }

  init(unreadable error: FileError) {
    path = error.path
    line = nil
    problem = "\(error.problem): \(error.reason)"
    isUnreadable = true
  }

  /// Creates the error of a file that is not YAML.
  init(path: String, yaml error: any Error) {
    switch error {
    case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
      YamlError.composer(_, let problem, let mark, _):
      self.init(path: path, line: mark.line, problem: "is neither JSON nor YAML: \(problem)")
    case YamlError.duplicatedKeysInMapping(let duplicates, let context):
      self.init(path: path, line: context.mark.line, problem: "has a key twice: \(duplicates.joined(separator: ", "))")
    default:
      self.init(path: path, problem: "is neither JSON nor YAML: " + String(describing: error).onOneLine)
    }
  }

  var description: String { "\(path):\(line.map { "\($0):" } ?? "") \(problem)" }
}
