/// A tensor of a safetensors file: its type and shape, and the range of its bytes.
public struct SafetensorsEntry: Equatable, Sendable {
  public let name: String
  public let dataType: SafetensorsDataType
  /// Extents, outermost first; `[]` is a single value.
  public let shape: [Int]
  /// Bytes of the data, counted from the end of the header.
  public let byteRange: Range<Int>

  /// Number of elements.
  public var count: Int { byteRange.count / dataType.byteCount }
}

/// The header of a safetensors file, checked as far as possible without the data.
///
/// The file is an 8-byte little-endian length of the header; the header, a JSON object that maps each tensor's name to
/// `{"dtype": …, "shape": […], "data_offsets": [begin, end]}` and `__metadata__` to an object of strings; and the data,
/// every byte of which belongs to exactly one tensor (https://github.com/huggingface/safetensors, "Format").
struct SafetensorsLayout: Equatable {
  /// Longest header that the format allows.
  static let maximumHeaderByteCount = 100_000_000
  static let metadataName = "__metadata__"

  let metadata: [String: String]
  /// The tensors in the order of their data, which has neither holes nor overlaps.
  let entries: [SafetensorsEntry]

  /// Bytes of all tensors.
  var dataByteCount: Int { entries.last?.byteRange.upperBound ?? 0 }

  /// Places tensors one after the other: wide elements first, so that every tensor starts at a multiple of its
  /// element's size, and then by the bytes of the name, so that the same tensors always give the same file.
  init(
    placing tensors: [String: (dataType: SafetensorsDataType, shape: [Int])],
    metadata: [String: String],
    path: String
  ) throws(SafetensorsError) {
    let ordered = tensors.sorted { first, second in
      let (wide, narrow) = (first.value.dataType.byteCount, second.value.dataType.byteCount)
      return wide == narrow ? first.key.utf8.lexicographicallyPrecedes(second.key.utf8) : wide > narrow
    }
    var entries: [SafetensorsEntry] = []
    var begin = 0
    for (name, (dataType, shape)) in ordered {
      guard name != Self.metadataName else {
        throw SafetensorsError(path: path, tensor: name, problem: .reservedName)
      }
      guard let byteCount = Self.byteCount(of: shape, dataType: dataType),
        case let (end, overflow) = begin.addingReportingOverflow(byteCount), !overflow
      else { throw SafetensorsError(path: path, tensor: name, problem: .impossibleShape(shape)) }
      entries.append(SafetensorsEntry(name: name, dataType: dataType, shape: shape, byteRange: begin..<end))
      begin = end
    }
    self.metadata = metadata
    self.entries = entries
  }

  /// Reads a header and checks it against the number of bytes that follow it.
  init(header: [UInt8], dataByteCount: Int, path: String) throws(SafetensorsError) {
    var parser = SafetensorsHeaderParser(bytes: header, path: path)
    let parsed = try parser.parse()
    var entries: [SafetensorsEntry] = []
    for tensor in parsed.tensors {
      func failure(_ problem: SafetensorsError.Problem) -> SafetensorsError {
        SafetensorsError(path: path, tensor: tensor.name, problem: problem)
      }
      guard let dataType = SafetensorsDataType(rawValue: tensor.dataType) else {
        throw failure(.unknownDataType(tensor.dataType))
      }
      guard tensor.begin <= tensor.end, tensor.end <= dataByteCount else {
        throw failure(.offsetsOutOfRange(begin: tensor.begin, end: tensor.end, available: dataByteCount))
      }
      let byteRange = tensor.begin..<tensor.end
      guard Self.byteCount(of: tensor.shape, dataType: dataType) == byteRange.count else {
        throw failure(.sizeMismatch(dataType: dataType, shape: tensor.shape, byteCount: byteRange.count))
      }
      entries.append(
        SafetensorsEntry(name: tensor.name, dataType: dataType, shape: tensor.shape, byteRange: byteRange))
    }
    // An empty tensor sorts before the one that starts where it lies.
    entries.sort { first, second in
      (first.byteRange.lowerBound, first.byteRange.upperBound)
        < (second.byteRange.lowerBound, second.byteRange.upperBound)
    }
    var previousEnd = 0
    for entry in entries {
      let begin = entry.byteRange.lowerBound
      if begin < previousEnd {
        throw SafetensorsError(
          path: path, tensor: entry.name, problem: .overlap(begin: begin, previousEnd: previousEnd))
      }
      if begin > previousEnd {
        throw SafetensorsError(path: path, tensor: entry.name, problem: .hole(begin: begin, previousEnd: previousEnd))
      }
      previousEnd = entry.byteRange.upperBound
    }
    guard previousEnd == dataByteCount else {
      throw SafetensorsError(path: path, problem: .trailingBytes(count: dataByteCount - previousEnd))
    }
    self.metadata = parsed.metadata
    self.entries = entries
  }

  /// The header's length and the header, padded with spaces so that the data start at a multiple of 8 bytes.
  func serialized() -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        .map { "\(Self.quoted($0.key)):\(Self.quoted($0.value))" }
      members.append("\"\(Self.metadataName)\":{\(pairs.joined(separator: ","))}")
    }
    for entry in entries {
      let shape = entry.shape.map(String.init).joined(separator: ",")
      members.append(
        "\(Self.quoted(entry.name)):{\"dtype\":\"\(entry.dataType.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(entry.byteRange.lowerBound),\(entry.byteRange.upperBound)]}")
    }
    var header = Array("{\(members.joined(separator: ","))}".utf8)
    header.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - header.count % 8) % 8))
    return withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) } + header
  }

  /// Returns the bytes of a tensor; nil for a negative extent, or more bytes than an `Int` holds.
  static func byteCount(of shape: [Int], dataType: SafetensorsDataType) -> Int? {
    var product = dataType.byteCount
    for extent in shape {
      let (next, overflow) = product.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflow else { return nil }
      product = next
    }
    return product
  }

  /// Returns `text` as a JSON string.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\u{0}"..<" ":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}

/// The type of a tensor's elements in a safetensors file, by its name in the format.
public enum SafetensorsDataType: String, Sendable, CaseIterable {
  case bool = "BOOL"
  case uint8 = "U8"
  case int8 = "I8"
  case float8E5M2 = "F8_E5M2"
  case float8E4M3 = "F8_E4M3"
  case uint16 = "U16"
  case int16 = "I16"
  case float16 = "F16"
  case bfloat16 = "BF16"
  case uint32 = "U32"
  case int32 = "I32"
  case float32 = "F32"
  case uint64 = "U64"
  case int64 = "I64"
  case float64 = "F64"

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .bool, .uint8, .int8, .float8E5M2, .float8E4M3: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .uint32, .int32, .float32: 4
    case .uint64, .int64, .float64: 8
    }
  }
}

/// A Swift type with the memory layout of a safetensors data type. The format is little-endian, as is every machine
/// that Swift runs on.
public protocol SafetensorsElement: BitwiseCopyable, Sendable {
  static var safetensorsDataType: SafetensorsDataType { get }
}

extension Float: SafetensorsElement { public static var safetensorsDataType: SafetensorsDataType { .float32 } }
extension Float16: SafetensorsElement { public static var safetensorsDataType: SafetensorsDataType { .float16 } }
extension Double: SafetensorsElement { public static var safetensorsDataType: SafetensorsDataType { .float64 } }
extension Int64: SafetensorsElement { public static var safetensorsDataType: SafetensorsDataType { .int64 } }
extension UInt64: SafetensorsElement { public static var safetensorsDataType: SafetensorsDataType { .uint64 } }
extension UInt32: SafetensorsElement { public static var safetensorsDataType: SafetensorsDataType { .uint32 } }
extension UInt8: SafetensorsElement { public static var safetensorsDataType: SafetensorsDataType { .uint8 } }
