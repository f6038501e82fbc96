import CPUKernels
import Models
import Runtime

/// What `recolor bench` prints.
struct BenchReport: Encodable {
  /// Operations of one name and pass at one shape, taken together.
  struct Row: Encodable {
    let operation: String
    let pass: String
    /// Shape of the first tensor written.
    let shape: String
    let count: Int
    let milliseconds: Double
    /// Of the direct method's operations.
    let gigaflopsPerSecond: Double
    /// Of the bytes that must move at least.
    let gigabytesPerSecond: Double
  }

  /// What is added up for a row.
  private struct Sums {
    let operation: String
    let pass: String
    let shape: String
    var count = 0
    var seconds = 0.0
    var floatingPointOperations = 0
    var bytes = 0

    var row: Row {
      Row(
        operation: operation, pass: pass, shape: shape, count: count, milliseconds: seconds * 1000,
        gigaflopsPerSecond: Double(floatingPointOperations) / seconds * 1e-9,
        gigabytesPerSecond: Double(bytes) / seconds * 1e-9)
    }
  }

  let device: String
  let description: String
  let model: ModelKind
  let width: Int
  let size: Int
  let batchSize: Int
  let steps: Int
  let imagesPerSecond: Double
  /// The middle one.
  let stepMilliseconds: Double
  let fastestStepMilliseconds: Double
  let slowestStepMilliseconds: Double
  let firstStepMilliseconds: Double
  /// Most memory the process ever held, in bytes.
  let peakMemoryBytes: Int
  let operations: [Row]
  /// What OpenBLAS's products reach on this processor with as many threads; only with the operations, on the processor.
  let productGigaflopsPerSecond: Double?

  init(
    _ bench: Bench, _ backend: any Backend, _ result: StepBenchmark.Result,
    operations: [(operation: any Operation, seconds: Double)]
  ) {
    device = backend.name
    description = backend.deviceDescription
    model = bench.model
    width = bench.options.width
    size = bench.options.size
    batchSize = bench.options.batchSize
    steps = result.seconds.count
    imagesPerSecond = result.imagesPerSecond
    stepMilliseconds = result.medianSeconds * 1000
    fastestStepMilliseconds = (result.seconds.min() ?? 0) * 1000
    slowestStepMilliseconds = (result.seconds.max() ?? 0) * 1000
    firstStepMilliseconds = result.secondsToFirstStep * 1000
    peakMemoryBytes = ProcessMemory.peakByteCount
    self.operations = Self.rows(operations)
    productGigaflopsPerSecond =
      operations.isEmpty
      ? nil : (backend as? CPUBackend).flatMap { try? ProductYardstick.gigaflopsPerSecond(on: $0.pool) }
  }

  /// Operations that do the same at the same shape in one row, the slowest first.
  private static func rows(_ operations: [(operation: any Operation, seconds: Double)]) -> [Row] {
    var rows: [String: Sums] = [:]
    for (operation, seconds) in operations {
      let shape = operation.writes.first.map { "\($0.shape)" } ?? ""
      let name = type(of: operation).name
      let key = "\(name) \(operation.pass) \(shape) \(operation.floatingPointOperations)"
      var sums = rows[key] ?? Sums(operation: name, pass: operation.pass.rawValue, shape: shape)
      sums.count += 1
      sums.seconds += seconds
      sums.floatingPointOperations += operation.floatingPointOperations
      sums.bytes += operation.minimumBytes
      rows[key] = sums
    }
    return rows.values.map(\.row).sorted { $0.milliseconds > $1.milliseconds }
  }

  var text: String {
    var lines = [
      "\(device): \(description)",
      "\(model.rawValue), width \(width), \(batchSize) images of \(size)×\(size) a step, \(steps) steps",
      "",
      "\(Format.fixed(imagesPerSecond, 1)) images/s, \(Format.fixed(stepMilliseconds, 1)) ms a step "
        + "(\(Format.fixed(fastestStepMilliseconds, 1)) to \(Format.fixed(slowestStepMilliseconds, 1))), "
        + "first step after \(Format.fixed(firstStepMilliseconds / 1000, 2)) s, "
        + "peak memory \(Format.bytes(peakMemoryBytes))",
    ]
    if !operations.isEmpty {
      let total = operations.reduce(0) { $0 + $1.milliseconds }
      lines += [
        "",
        TextTable.text(
          [
            .left("operation"), .left("pass"), .right("times"), .right("ms"), .right("share"), .right("GFLOP/s"),
            .right("GB/s"), .left("writes"),
          ],
          operations.map { row in
            [
              row.operation, row.pass, "\(row.count)", Format.fixed(row.milliseconds, 2),
              Format.fixed(100 * row.milliseconds / total, 1) + " %", Format.fixed(row.gigaflopsPerSecond, 0),
              Format.fixed(row.gigabytesPerSecond, 1), row.shape,
            ]
          }),
      ]
    }
    if let productGigaflopsPerSecond {
      lines += [
        "",
        "GFLOP/s count the direct method. OpenBLAS's products reach \(Format.fixed(productGigaflopsPerSecond, 0)) here.",
      ]
    }
    return lines.joined(separator: "\n")
  }
}
