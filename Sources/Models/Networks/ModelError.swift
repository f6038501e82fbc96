/// A model that cannot be built as asked for.
public enum ModelError: Error, Hashable {
  case invalidWidth(Int)
  case invalidSize(height: Int, width: Int, kind: ModelKind, smallest: Int)
}

extension ModelError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .invalidWidth(let width):
      "width \(width): must be from \(ModelConfiguration.widths.lowerBound) to \(ModelConfiguration.widths.upperBound)"
    case .invalidSize(let height, let width, let kind, let smallest):
      "image size \(width)×\(height): \(kind.rawValue) needs multiples of 16, from \(smallest)×\(smallest) to 4096×4096"
    }
  }
}
