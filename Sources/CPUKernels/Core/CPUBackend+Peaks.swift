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
