import Foundation
import Models

/// A file of vectors that PyTorch computed, made by `Scripts/make_vectors.py`: named cases, each with tensors and
/// options.
public struct VectorFile {
  /// In the order of their names; never empty.
  public let cases: [VectorCase]

  /// Opens `Tests/Vectors/NAME.safetensors`.
  public init(_ name: String) throws {
    let file = try SafetensorsFile(reading: Self.folder.appendingPathComponent("\(name).safetensors"))
    guard let json = file.metadata["cases"] else { throw VectorError.missing("cases", in: name) }
    let options = try JSONDecoder().decode([String: [String: String]].self, from: Data(json.utf8))
    guard !options.isEmpty else { throw VectorError.missing("any case", in: name) }
    cases = options.sorted { $0.key < $1.key }.map { VectorCase(name: $0.key, options: $0.value, file: file) }
  }

  /// The case of that name.
  public func named(_ name: String) throws -> VectorCase {
    guard let vectors = cases.first(where: { $0.name == name }) else { throw VectorError.missing(name, in: "vectors") }
    return vectors
  }

  /// `Tests/Vectors` of the source tree.
  private static let folder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Vectors")
}

/// A file of vectors that lacks what a test needs.
public enum VectorError: Error, CustomStringConvertible {
  case missing(_ what: String, in: String)

  public var description: String {
    switch self {
    case .missing(let what, let place): "\(place) lacks \(what)"
    }
  }
}
