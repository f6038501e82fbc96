import Runtime

/// The ways to compute a convolution, without their sizes.
public enum MethodFamily: String, Codable, CaseIterable, Sendable {
  /// Plain loops: what the others are checked against, for any device, slow.
  case naive
  /// A tiled matrix product for GPUs: many work-items per group, local memory.
  case tiled
  /// A register tile of wide vectors for CPUs: one work-item per group.
  case vector
  /// Minimal filtering of 3 × 3 kernels for GPUs: points in memory, and tiled matrix products.
  case winograd
  /// Minimal filtering of 3 × 3 kernels for CPUs: one work-item per group.
  case winogradVector = "winograd-vector"
  /// A tiled matrix product on NVIDIA's tensor cores, of operands rounded to TF32.
  case tensorFloat32 = "tf32"
  /// The same of operands that are split into two bfloat16.
  case splitBFloat16 = "bf16x3"

  /// The tensor cores' way with this precision; nil where they are not for it.
  init?(_ precision: Precision) {
    switch precision {
    case .float32: return nil
    case .tensorFloat32: self = .tensorFloat32
    case .splitBFloat16: self = .splitBFloat16
    }
  }
}
