import Runtime

/// How the U-Net's decoder doubles its maps.
public enum UpsamplingKind: String, Codable, Sendable, CaseIterable {
  /// A transposed convolution 3×3 of stride 2, as in the study.
  case transposed
  /// Nearest neighbour, then a convolution 3×3.
  case nearest
  /// Bilinear, then a convolution 3×3.
  case bilinear

  var mode: UpsamplingMode? {
    switch self {
    case .transposed: nil
    case .nearest: .nearest
    case .bilinear: .bilinear
    }
  }
}
