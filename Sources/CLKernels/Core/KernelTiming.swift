import Runtime

/// One run of one kernel on a profiling queue.
public struct KernelTiming {
  /// The kernel function's name.
  public let kernel: String
  public let event: CLEvent
}
