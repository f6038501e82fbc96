import Foundation
import KernelCases
import Models
import Runtime

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

/// One case of a file of vectors.
public struct VectorCase {
  public let name: String
  private let options: [String: String]
  private let file: SafetensorsFile

  init(name: String, options: [String: String], file: SafetensorsFile) {
    self.name = name
    self.options = options
    self.file = file
  }

  /// An option that the case was made with: `stride`.
  public func option<Value: LosslessStringConvertible>(_ option: String, as type: Value.Type = Value.self) throws
    -> Value
  {
    guard let value = options[option].flatMap(Value.init) else { throw VectorError.missing(option, in: name) }
    return value
  }

  /// The activation that the case was made with; nil for `none`.
  public func activation() throws -> Activation? {
    switch try option("activation", as: String.self) {
    case "none": return nil
    case "leakyReLU 0.01": return .leakyReLU(slope: 0.01)
    case "leakyReLU 0.2": return .leakyReLU(slope: 0.2)
    case "tanh": return .tanh
    case "sigmoid": return .sigmoid
    case let other: throw VectorError.missing("activation \(other)", in: name)
    }
  }

  /// Names of the case's tensors.
  public var tensorNames: Set<String> {
    Set(file.tensors.keys.filter { $0.hasPrefix("\(name)/") }.map { String($0.dropFirst(name.count + 1)) })
  }

  /// Extents of a tensor, as the file has them.
  public func shape(of tensor: String) throws -> [Int] {
    guard let entry = file.tensors["\(name)/\(tensor)"] else { throw VectorError.missing(tensor, in: name) }
    return entry.shape
  }

  /// The values of a tensor, in the file's order.
  public func values<Element: SafetensorsElement>(_ tensor: String, as type: Element.Type = Element.self) throws
    -> [Element]
  {
    try file.values("\(name)/\(tensor)")
  }

  /// The values of a tensor of four extents, with their type.
  func tensor(_ tensor: String) throws -> (values: ReferenceTensor, elementType: ElementType) {
    let path = "\(name)/\(tensor)"
    guard let entry = file.tensors[path] else { throw VectorError.missing(tensor, in: name) }
    guard entry.shape.count == 4 else { throw VectorError.missing("four extents of \(tensor)", in: name) }
    let shape = Shape(entry.shape[0], entry.shape[1], entry.shape[2], entry.shape[3])
    switch entry.dataType {
    case .float32: return (ReferenceTensor(shape, try file.values(path, as: Float.self).map(Double.init)), .float32)
    case .uint32: return (ReferenceTensor(shape, try file.values(path, as: UInt32.self).map(Double.init)), .uint32)
    case .uint8: return (ReferenceTensor(shape, try file.values(path, as: UInt8.self).map(Double.init)), .uint8)
    case let other: throw VectorError.missing("a known type of \(tensor), not \(other.rawValue),", in: name)
    }
  }
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
