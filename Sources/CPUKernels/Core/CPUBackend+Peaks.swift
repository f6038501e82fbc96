import CVectorLoops
import Glibc
import Runtime

extension CPUBackend {
  /// Measures both with all threads of the pool.
  public func measurePeaks() throws(BackendError) -> DevicePeaks {
    DevicePeaks(
      floatingPointOperationsPerSecond: try multiplyAddsPerSecond() * 2, bytesPerSecond: try copiedBytesPerSecond())
  }

  private func multiplyAddsPerSecond() throws(BackendError) -> Double {
    let memory = try HostMemory(allocating: pool.workerCount * HostMemory.alignment)
    let sums = memory.pointer.bindMemory(to: Float.self, capacity: pool.workerCount * 16)
    var best = 0.0
    for (wide, multiplyAdds) in [(0, vector_multiply_adds_narrow), (1, vector_multiply_adds_wide)] as [(Int32, Int)] {
      let rounds = try DevicePeaks.rounds(perSecondOf: { (rounds) throws(BackendError) in
        sums.update(repeating: 0.5, count: pool.workerCount * 16)
        let start = ContinuousClock.now
        // Each index has sums of its own.
        pool.run(count: pool.workerCount) { index, _ in vector_multiply_add(sums + index * 16, rounds, wide) }
        return start.secondsUntilNow
      })
      best = max(best, rounds * Double(multiplyAdds) * Double(pool.workerCount))
    }
    return best
  }

  private func copiedBytesPerSecond() throws(BackendError) -> Double {
    let byteCount = DevicePeaks.copiedByteCount
    let source = try HostMemory(allocating: byteCount)
    let target = try HostMemory(allocating: byteCount)
    // Pages exist once they are written.
    memset(source.pointer, 1, byteCount)
    memset(target.pointer, 0, byteCount)
    let (from, to, part) = (source.pointer, target.pointer, byteCount / pool.workerCount)
    let seconds = try DevicePeaks.shortest { () throws(BackendError) in
      let start = ContinuousClock.now
      // Each index copies a part of its own.
      pool.run(count: pool.workerCount) { index, _ in memcpy(to + index * part, from + index * part, part) }
      return start.secondsUntilNow
    }
    return 2 * Double(part * pool.workerCount) / seconds
  }
}

/// The speed of OpenBLAS's matrix products on this processor, which the convolutions' speed is compared with.
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
        // Each index has three matrices of its own.
        let a = matrices + 3 * count * index
        blas.multiply(
          rows: size, columns: size, depth: size, a: a, leadingA: size, b: a + count, leadingB: size, c: a + 2 * count,
          leadingC: size)
      }
      best = min(best, start.secondsUntilNow)
    }
    return 2 * Double(count) * Double(size) * Double(pool.workerCount) / best * 1e-9
  }
}
