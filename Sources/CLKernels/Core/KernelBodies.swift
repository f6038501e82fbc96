/// Which bodies of the kernels that have two are used.
public enum KernelBodies: String, Sendable, CaseIterable {
  /// Many work-items per group, local memory, barriers.
  case gpu
  /// One work-item per group, wide vectors, register tiles: what CPU drivers compile well.
  case cpu
}
