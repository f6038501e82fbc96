/// What one element of a tensor in a safetensors file is, by the name the format gives it.
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

/// A Swift type whose memory is that of a safetensors data type. The format is little-endian, as is every machine that
/// Swift runs on, so that values and bytes are the same.
public protocol SafetensorsElement: BitwiseCopyable, Sendable {
  static var safetensorsDataType: SafetensorsDataType { get }
}

extension Float: SafetensorsElement {
  public static var safetensorsDataType: SafetensorsDataType { .float32 }
}

extension Double: SafetensorsElement {
  public static var safetensorsDataType: SafetensorsDataType { .float64 }
}

extension Int64: SafetensorsElement {
  public static var safetensorsDataType: SafetensorsDataType { .int64 }
}

extension UInt64: SafetensorsElement {
  public static var safetensorsDataType: SafetensorsDataType { .uint64 }
}

extension UInt32: SafetensorsElement {
  public static var safetensorsDataType: SafetensorsDataType { .uint32 }
}

extension UInt8: SafetensorsElement {
  public static var safetensorsDataType: SafetensorsDataType { .uint8 }
}
