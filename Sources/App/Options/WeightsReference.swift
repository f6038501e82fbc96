import ArgumentParser
import Models
import Yams

/// A value of `--init`: weights by path, with the digest that they must have where it is given:
/// `runs/first`, `runs/first@sha256:9f86…`.
struct WeightsReference: ExpressibleByArgument, CustomStringConvertible {
  let path: String
  /// See `InitialWeights.sha256`.
  private let sha256: String?

  private static let separator = "@sha256:"

  init?(argument: String) {
    guard !argument.isEmpty else { return nil }
    // A path may hold the separator as well.
    let parts = argument.split(separator: Self.separator, omittingEmptySubsequences: false)
    guard let last = parts.last, parts.count > 1, last.wholeMatch(of: /[0-9a-f]{64}/) != nil else {
      (path, sha256) = (argument, nil)
      return
    }
    (path, sha256) = (parts.dropLast().joined(separator: Self.separator), String(last))
  }

  /// Reads the record in a run's `config.json`; nil where it is none.
  init?(recorded node: Node) {
    guard let name = node["name"]?.scalar?.string, let sha256 = node["sha256"]?.scalar?.string else { return nil }
    self.init(argument: name + Self.separator + sha256)
  }

  var description: String { path + (sha256.map { Self.separator + $0 } ?? "") }

  /// The weights that a run must start from; nil where any of the path will do.
  var expected: InitialWeights? { sha256.map { InitialWeights(name: path, sha256: $0) } }
}
