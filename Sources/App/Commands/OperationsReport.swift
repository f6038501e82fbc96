import CPUKernels
import Models
import Runtime

/// The report of `recolor bench --ops`: the operations of a training step, each timed by itself, and the device's
/// peaks.
struct OperationsReport: Encodable {
  /// All operations of one name, pass and shape.
  struct Row: Encodable {
    let operation: String
    let pass: Pass
    /// The shapes of the first tensor that is read and of the largest one that is written.
    let shape: String
    /// The purposes of the operations, each once, in the step's order.
    let layers: [OperationLabel]
    let count: Int
    let milliseconds: Double
    /// The same with the processor's other products; nil for operations without products, and where there are none.
    let otherMilliseconds: Double?
    /// The share of the time of all operations, 0...1.
    let share: Double
    /// The rate of the operations that the direct algorithm has.
    let gigaflopsPerSecond: Double
    /// The rate of the bytes of all tensors, each counted once.
    let gigabytesPerSecond: Double
    /// Rates relative to the device's peaks. An algorithm with fewer multiplications than the direct one, or a cache,
    /// can bring one above 1.
    let partOfProductPeak: Double
    let partOfCopyPeak: Double
    /// The time at the device's peaks of the products of the best algorithm known here, or of the bytes of all tensors,
    /// each counted once, whichever is longer. Values in caches can be faster.
    let limitMilliseconds: Double
    /// The limit as a part of the time.
    let partOfLimit: Double
  }

  /// The sums for a row.
  private struct Sums {
    let operation: String
    let pass: Pass
    let shape: String
    var layers: [OperationLabel] = []
    var count = 0
    var seconds = 0.0
    var otherSeconds: Double?
    var floatingPointOperations = 0
    var bytes = 0
    var limitSeconds = 0.0
  }

  /// In descending order of time.
  let rows: [Row]
  /// The same times by layer, in the networks' order.
  let layers: [LayerTimes]
  /// The sums of the rows, and the share of the limit that their time reaches.
  let milliseconds: Double
  let limitMilliseconds: Double
  let partOfLimit: Double
  /// The peak of multiply-adds on values in registers.
  let productPeakGigaflopsPerSecond: Double
  let copyPeakGigabytesPerSecond: Double
  /// The processor's other products, which convolutions were timed with as well; nil on other devices, and without
  /// BLAS.
  let otherProducts: MatrixProducts?
  /// The rate of BLAS's matrix products on this processor with as many threads; nil on other devices, and without BLAS.
  let blasGigaflopsPerSecond: Double?

  init(_ benchmark: StepBenchmark, steps: Int, on backend: any Backend) throws(BackendError) {
    let peaks = try backend.measurePeaks()
    productPeakGigaflopsPerSecond = peaks.floatingPointOperationsPerSecond * 1e-9
    copyPeakGigabytesPerSecond = peaks.bytesPerSecond * 1e-9
    let operations = try benchmark.profile(steps: steps)
    layers = LayerTimes.layers(of: operations, peaks)
    if let processor = backend as? CPUBackend, let blas = try? BLAS.shared() {
      let other = CPUBackend(threadCount: processor.pool.workerCount, blas: processor.blas == nil ? blas : nil)
      rows = Self.rows(operations, try benchmark.profileConvolutions(steps: steps, on: other), peaks)
      otherProducts = other.products
      blasGigaflopsPerSecond = ProductYardstick.gigaflopsPerSecond(of: blas, on: processor.pool)
    } else {
      rows = Self.rows(operations, nil, peaks)
      (otherProducts, blasGigaflopsPerSecond) = (nil, nil)
    }
    milliseconds = rows.reduce(0) { $0 + $1.milliseconds }
    limitMilliseconds = rows.reduce(0) { $0 + $1.limitMilliseconds }
    partOfLimit = limitMilliseconds / milliseconds
  }

  /// Groups operations of one name, pass and shape into rows.
  /// - Parameter otherSeconds: The operations' times with other products; nil of those without products.
  private static func rows(
    _ operations: [TimedOperation], _ otherSeconds: [Double?]?, _ peaks: DevicePeaks
  ) -> [Row] {
    var groups: [String: Sums] = [:]
    for (index, timed) in operations.enumerated() {
      let operation = timed.operation
      let shapes = [operation.reads.first, operation.writes.max { $0.shape.count < $1.shape.count }]
      let shape = shapes.compactMap { $0.map { "\($0.shape)" } }.joined(separator: " → ")
      let name = type(of: operation).name
      let key = "\(name) \(operation.pass) \(shape) \(operation.floatingPointOperations)"
      var sums = groups[key] ?? Sums(operation: name, pass: operation.pass, shape: shape)
      if !sums.layers.contains(timed.label) { sums.layers.append(timed.label) }
      sums.count += 1
      sums.seconds += timed.seconds
      if let seconds = otherSeconds?[index] { sums.otherSeconds = (sums.otherSeconds ?? 0) + seconds }
      sums.floatingPointOperations += operation.floatingPointOperations
      sums.bytes += operation.minimumBytes
      sums.limitSeconds += peaks.leastSeconds(of: operation)
      groups[key] = sums
    }
    let total = operations.reduce(0) { $0 + $1.seconds }
    return groups.values.sorted { $0.seconds > $1.seconds }.map { sums in
      let floatingPointOperationsPerSecond = Double(sums.floatingPointOperations) / sums.seconds
      let bytesPerSecond = Double(sums.bytes) / sums.seconds
      return Row(
        operation: sums.operation, pass: sums.pass, shape: sums.shape, layers: sums.layers, count: sums.count,
        milliseconds: sums.seconds * 1000, otherMilliseconds: sums.otherSeconds.map { $0 * 1000 },
        share: sums.seconds / total,
        gigaflopsPerSecond: floatingPointOperationsPerSecond * 1e-9, gigabytesPerSecond: bytesPerSecond * 1e-9,
        partOfProductPeak: floatingPointOperationsPerSecond / peaks.floatingPointOperationsPerSecond,
        partOfCopyPeak: bytesPerSecond / peaks.bytesPerSecond,
        limitMilliseconds: sums.limitSeconds * 1000, partOfLimit: sums.limitSeconds / sums.seconds)
    }
  }

  /// The columns of the table of rows.
  var columns: [TextTable.Column] {
    var columns: [TextTable.Column] = [
      .left("operation"), .left("pass"), .right("times"), .right("ms"), .right("share"), .right("limit, ms"),
      .right("reached"), .right("GFLOP/s"),
      .right("of peak"), .right("GB/s"), .right("of peak"), .left("reads → writes"),
    ]
    if let otherProducts { columns.insert(.right("ms, \(otherProducts.rawValue)"), at: Self.otherColumn) }
    return columns
  }

  /// The column of the times with other products, beside the operations' own.
  private static let otherColumn = 4

  /// Returns the cells of a row.
  func cells(of row: Row) -> [String] {
    var cells = [
      row.operation, row.pass.heading, "\(row.count)", Format.fixed(row.milliseconds, 2), Format.percent(row.share, 1),
      Format.fixed(row.limitMilliseconds, 2), Format.percent(row.partOfLimit, 0),
      Format.fixed(row.gigaflopsPerSecond, 0), Format.percent(row.partOfProductPeak, 0),
      Format.fixed(row.gigabytesPerSecond, 1), Format.percent(row.partOfCopyPeak, 0), row.shape,
    ]
    if otherProducts != nil {
      cells.insert(row.otherMilliseconds.map { Format.fixed($0, 2) } ?? "", at: Self.otherColumn)
    }
    return cells
  }

  var text: String {
    func milliseconds(_ rows: [Row]) -> String { Format.fixed(rows.reduce(0) { $0 + $1.milliseconds }, 2) + " ms" }
    let other = otherProducts.map { products in
      "; convolutions \(milliseconds(rows.filter { $0.otherMilliseconds != nil })), with --cpu-products "
        + "\(products.rawValue) \(Format.fixed(rows.compactMap(\.otherMilliseconds).reduce(0, +), 2)) ms"
    }
    let blas = blasGigaflopsPerSecond.map { "; BLAS's products reach \(Format.fixed($0, 0)) GFLOP/s" } ?? ""
    return [
      TextTable.text(columns, rows.map { cells(of: $0) }),
      "",
      "operations together: \(milliseconds(rows))\(other ?? "")",
      "limit of the step: \(Format.fixed(limitMilliseconds, 2)) ms, \(Format.percent(partOfLimit, 0)) reached",
      "peaks: \(Format.fixed(productPeakGigaflopsPerSecond, 0)) GFLOP/s in fp32 from registers, "
        + "\(Format.fixed(copyPeakGigabytesPerSecond, 1)) GB/s read and written by a copy\(blas)",
      "GFLOP/s count the direct method, GB/s each tensor once: Winograd's algorithm and caches can pass 100 %.",
      "Limits are products after minimal filtering at their peak, or the bytes at theirs, whichever takes longer; what a",
      "cache holds is faster.",
    ].joined(separator: "\n")
  }
}
