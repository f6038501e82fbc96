import ArgumentParser
import Files
import FoundationEssentials
import Yams

/// A file that says what `recolor train` is to do, in JSON or YAML: the `config.json` of a run, or one that somebody wrote.
///
/// Its keys are the options' names, as on the command line (`batch-size`) or as in a run's `config.json` (`batchSize`), where
/// some are grouped under `model` and `options`.
struct ConfigurationFile {
  /// What the file says of one option.
  struct Entry {
    /// As it is written there: `options.batchSize`.
    let key: String
    /// The option's name on the command line, without dashes in front: `batch-size`.
    let name: String
    let value: String
    /// From 1.
    let line: Int
  }

  let path: String
  let entries: [Entry]

  /// Keys that may hold others.
  private static let groups: Set = ["model", "options"]

  /// What a run's `config.json` notes down and no run is told.
  static let records: Set = ["version", "data-fingerprint", "device-description", "tuning"]

  /// Where `config.json` and the command line call a thing by different names.
  private static let otherNames = [
    "kind": "model", "image-width": "size", "image-height": "size", "horizontal-flips": "flips",
  ]

  /// Largest size of such a file, in bytes.
  private static let largestFile = 1 << 20

  /// - Throws: `ConfigurationError`.
  init(reading path: String) throws(ConfigurationError) {
    self.path = path
    let root: Node?
    do {
      // JSON is YAML, too.
      root = try Yams.compose(yaml: String(decoding: try readFile(path, limit: Self.largestFile), as: UTF8.self))
    } catch let error as FileError {
      throw ConfigurationError(path: path, problem: "\(error.problem): \(error.reason)")
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

  /// The entry of a key; none for what is null.
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

  /// Two keys may stand for one option, such as the height and the width of the images, if they agree.
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

  /// `batchSize` and `batch_size` become `batch-size`.
  private static func optionName(_ key: String) -> String {
    key.reduce(into: "") { name, character in
      if character.isUppercase, !name.isEmpty { name += "-" }
      name += character == "_" ? "-" : character.lowercased()
    }
  }
}
