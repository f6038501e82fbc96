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
}
