/// Any JSON value, for settings whose keys are not known to the program.
enum JSONValue: Codable, Equatable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case text(String)
  case array([JSONValue])
  case object([String: JSONValue])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int64.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else if let value = try? container.decode([JSONValue].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    case .array(let values): try container.encode(values)
    case .object(let values): try container.encode(values)
    }
  }

  /// Returns all values but arrays and objects, each with the path of keys to it, such as `options.batchSize`, in the
  /// keys' order.
  func leaves(_ path: String = "") -> [(key: String, value: String)] {
    func joined(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }
    switch self {
    case .null: return [(path, "null")]
    case .bool(let value): return [(path, String(value))]
    case .integer(let value): return [(path, String(value))]
    // Settings are float32, which has about 7 significant digits.
    case .number(let value): return [(path, Format.significant(value, 7))]
    case .text(let value): return [(path, value)]
    case .array(let values): return values.enumerated().flatMap { $1.leaves(joined(String($0 + 1))) }
    case .object(let values):
      return values.sorted { $0.key < $1.key }.flatMap { $0.value.leaves(joined($0.key)) }
    }
  }
}
