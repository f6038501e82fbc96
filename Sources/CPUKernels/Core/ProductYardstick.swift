import Runtime

/// How fast OpenBLAS multiplies matrices on this processor: what the convolutions' speed is held against.
public enum ProductYardstick {
  /// Rows, columns and depth of the product that each thread computes.
  private static let size = 1024
  private static let repetitions = 5

  /// The best of several products, all of the pool's threads together, in GFLOP/s.
  /// - Throws: `BackendError.library` where there is no OpenBLAS.
  public static func gigaflopsPerSecond(on pool: ThreadPool) throws(BackendError) -> Double {
    let blas = try OpenBLAS.shared()
    let count = size * size
    let matrices = UnsafeMutablePointer<Float>.allocate(capacity: 3 * count * pool.workerCount)
    defer { matrices.deallocate() }
    matrices.initialize(repeating: 0.5, count: 3 * count * pool.workerCount)
    var best = Double.infinity
    for _ in 0..<repetitions {
      let start = ContinuousClock.now
      pool.run(count: pool.workerCount) { index, _ in
        // The threads share nothing: each has three matrices of its own, told apart by the index.
        let a = matrices + 3 * count * index
        blas.multiply(
          rows: size, columns: size, depth: size, a: a, leadingA: size, b: a + count, leadingB: size, c: a + 2 * count,
          leadingC: size)
      }
      let duration = start.duration(to: .now)
      best = min(
        best, Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18)
    }
    return 2 * Double(count) * Double(size) * Double(pool.workerCount) / best * 1e-9
  }
}
