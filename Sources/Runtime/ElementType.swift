/// What one element of a tensor is.
public enum ElementType: String, Sendable {
  case float32
  case uint32
  case uint8

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .float32, .uint32: 4
    case .uint8: 1
    }
  }
}
