import Runtime

/// One row of `recolor models`.
public struct LayerSummary: Sendable {
  /// PyTorch's name of the module: `encoding_unit1.0`.
  public let name: String
  /// What it is: `Conv2d 3×3`.
  public let kind: String
  public let outputShape: Shape
  /// Trained numbers.
  public let parameterCount: Int
  /// Multiply-adds for one image; padding counts.
  public let multiplyAdds: Int
}
