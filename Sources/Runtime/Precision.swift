/// The precision of the products of convolutions. Everything else is float32 in any case, sums too.
public enum Precision: String, Codable, CaseIterable, Sendable {
  /// Products of float32.
  case float32 = "fp32"
  /// Products on tensor cores, of operands that are rounded to TF32: 8 bits of exponent, 11 significant bits. PyTorch's
  /// default for convolutions on GPUs that can.
  case tensorFloat32 = "tf32"
  /// Products on tensor cores, each operand split into two bfloat16, and three of the four products added up: nearly as
  /// close as float32.
  case splitBFloat16 = "bf16x3"
}

extension Precision: CustomStringConvertible {
  public var description: String { rawValue }
}

/// How the processor's convolutions multiply matrices.
public enum MatrixProducts: String, Codable, CaseIterable, Sendable {
  /// By this program's own loops on register tiles.
  case vector
  /// By the system's BLAS.
  case blas
}
