/// How an image is made larger.
public enum UpsamplingMode: String, Hashable, Sendable, CaseIterable {
  case nearest
  /// Linear in both directions, pixel centers at halves, edges clamped (PyTorch's `align_corners=False`).
  case bilinear
}
