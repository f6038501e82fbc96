import Runtime

extension CLBackend {
  public func measurePeaks() throws(BackendError) -> DevicePeaks {
    DevicePeaks(
      floatingPointOperationsPerSecond: try multiplyAddsPerSecond() * 2, bytesPerSecond: try copiedBytesPerSecond())
  }

  /// Elements of a work-item's vectors, its independent sums, and its vectors of a copy.
  private var peakSizes: (vector: Int, sums: Int, copies: Int) { bodies == .cpu ? (16, 12, 256) : (4, 8, 8) }

  private func multiplyAddsPerSecond() throws(BackendError) -> Double {
    let sizes = peakSizes
    // On a GPU, groups enough to fill every unit several times over.
    let range =
      bodies == .cpu
      ? CLRange(groups: (device.computeUnits, 1, 1), local: (1, 1, 1))
      : CLRange(groups: (device.computeUnits * 32, 1, 1), local: (reductionGroupSize, 1, 1))
    let items = range.global.0
    let memory = try own(
      allocate(byteCount: items * sizes.vector * ElementType.float32.byteCount), for: "multiply_add_peak")
    let rounds = Variable(0)
    let launch = CLLaunch("multiply_add_peak", on: self)
    try launch.add(
      "multiply_add_peak", in: "device_peaks.cl", definitions: ["VECTOR": sizes.vector, "SUMS": sizes.sums],
      arguments: [.memory(memory), .variableULong({ rounds.value }, allowed: 0...Int.max)], over: range)
    let roundsPerSecond = try DevicePeaks.rounds(perSecondOf: { (count) throws(BackendError) in
      rounds.value = count
      // As a float, 0.19: the sums converge, and no value is a special one.
      try queue.fill(memory, with: 0x3e, byteOffset: 0, byteCount: memory.byteCount)
      return try time(launch)
    })
    return roundsPerSecond * Double(items * sizes.vector * sizes.sums)
  }

  private func copiedBytesPerSecond() throws(BackendError) -> Double {
    let byteCount = min(DevicePeaks.copiedByteCount, maximumAllocationByteCount)
    let sizes = peakSizes
    let source = try own(allocate(byteCount: byteCount), for: "copy_peak")
    let target = try own(allocate(byteCount: byteCount), for: "copy_peak")
    // Some drivers take memory at its first use.
    for memory in [source, target] { try queue.fill(memory, with: 1, byteOffset: 0, byteCount: byteCount) }
    let count = byteCount / ElementType.float32.byteCount
    let launch = CLLaunch("copy_peak", on: self)
    let size = bodies == .cpu ? 1 : reductionGroupSize
    try launch.add(
      "copy_peak", in: "device_peaks.cl", definitions: ["VECTOR": sizes.vector, "COPIES": sizes.copies],
      arguments: [.memory(source), .memory(target), .ulong(count)],
      over: CLRange(covering: (count / sizes.vector / sizes.copies, 1, 1), local: (size, 1, 1)))
    return 2 * Double(byteCount) / (try DevicePeaks.shortest { () throws(BackendError) in try time(launch) })
  }
}
