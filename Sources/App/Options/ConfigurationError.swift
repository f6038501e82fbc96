import Yams

/// A file for `--config` that cannot be used. `description` is one line that names the place.
struct ConfigurationError: Error, CustomStringConvertible {
  let path: String
  /// From 1; nil where it is the whole file.
  let line: Int?
  let problem: String

  init(path: String, line: Int? = nil, problem: String) {
    self.path = path
    self.line = line
    self.problem = problem
  }

  /// A file that is no YAML.
  init(path: String, yaml error: any Error) {
    switch error {
    case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
      YamlError.composer(_, let problem, let mark, _):
      self.init(path: path, line: mark.line, problem: "is neither JSON nor YAML: \(problem)")
    case YamlError.duplicatedKeysInMapping(let duplicates, let context):
      self.init(path: path, line: context.mark.line, problem: "has a key twice: \(duplicates.joined(separator: ", "))")
    default:
      self.init(path: path, problem: "is neither JSON nor YAML: \(error)")
    }
  }

  var description: String { "\(path):\(line.map { "\($0):" } ?? "") \(problem)" }
}
