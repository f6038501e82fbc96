import CVectorLoops
import Runtime

/// The speed of a library's matrix products on this processor, which the convolutions' speed is compared with.
public enum ProductYardstick {
  /// Rows, columns and depth of the product that each thread computes.
  private static let size = 1024
  private static let repetitions = 5

  /// The best of several products, all of the pool's threads together, in GFLOP/s.
  public static func gigaflopsPerSecond(of blas: BLAS, on pool: ThreadPool) -> Double {
    let count = size * size
    let matrices = UnsafeMutablePointer<Float>.allocate(capacity: 3 * count * pool.workerCount)
    defer { matrices.deallocate() }
    matrices.initialize(repeating: 0.5, count: 3 * count * pool.workerCount)
    var best = Double.infinity
    for _ in 0..<repetitions {
      let start = ContinuousClock.now
      pool.run(count: pool.workerCount) { index, _ in
        // Each index has three matrices of its own.
        let left = matrices + 3 * count * index
        blas_product(
          blas.sgemm, false, size, size, size, left, size, left + count, size, left + 2 * count, size, false)
      }
      best = min(best, start.secondsUntilNow)
    }
    return 2 * Double(count) * Double(size) * Double(pool.workerCount) / best * 1e-9
  }
}
