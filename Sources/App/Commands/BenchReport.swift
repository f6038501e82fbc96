import Models
import Runtime

/// The report of `recolor bench`.
struct BenchReport: Encodable {
  /// Throughput of one kind of work.
  struct Throughput: Encodable {
    let imagesPerSecond: Double
    /// The median of all steps, or batches.
    let stepMilliseconds: Double
    let fastestStepMilliseconds: Double
    /// A quarter of the steps are faster than the lower quartile, a quarter slower than the upper one.
    let lowerQuartileMilliseconds: Double
    let upperQuartileMilliseconds: Double
    let slowestStepMilliseconds: Double

    init(_ durations: Durations, batchSize: Int) {
      imagesPerSecond = Double(batchSize) / durations.median
      stepMilliseconds = durations.median * 1000
      fastestStepMilliseconds = durations.shortest * 1000
      lowerQuartileMilliseconds = durations.quantile(0.25) * 1000
      upperQuartileMilliseconds = durations.quantile(0.75) * 1000
      slowestStepMilliseconds = durations.longest * 1000
    }
  }

  let device: String
  let description: String
  /// The precision of convolutions: `fp32`, `tf32` or `bf16x3`.
  let precision: Precision
  /// How the processor's convolutions multiply; nil on other devices.
  let cpuProducts: MatrixProducts?
  let model: ModelKind
  let width: Int
  let size: Int
  let batchSize: Int
  let steps: Int
  /// The values of training, repeated at the top level for scripts.
  let imagesPerSecond: Double
  let stepMilliseconds: Double
  let training: Throughput
  let inference: Throughput
  let firstStepMilliseconds: Double
  /// The largest resident set of the process up to the last training step, in bytes.
  let peakMemoryBytes: Int
  /// Nil without `--ops`.
  let operations: OperationsReport?

  init(
    _ bench: Bench, _ backend: any Backend, secondsToFirstStep: Double, training: Durations, inference: Durations,
    peakMemoryBytes: Int, operations: OperationsReport?
  ) {
    device = backend.name
    description = backend.deviceDescription
    precision = backend.precision
    cpuProducts = backend.products
    model = bench.model
    width = bench.options.width
    size = bench.options.size
    batchSize = bench.options.batchSize
    steps = training.seconds.count
    self.training = Throughput(training, batchSize: batchSize)
    self.inference = Throughput(inference, batchSize: batchSize)
    imagesPerSecond = self.training.imagesPerSecond
    stepMilliseconds = self.training.stepMilliseconds
    firstStepMilliseconds = secondsToFirstStep * 1000
    self.peakMemoryBytes = peakMemoryBytes
    self.operations = operations
  }

  var text: String {
    var lines = [
      "\(device): \(description)",
      """
      \(model.rawValue), width \(width), \(Format.counted(batchSize, "image")) of \(size)×\(size) a step, \
      \(Format.counted(steps, "step")), \(precision)
      """,
      "",
      TextTable.text(
        [
          .left(""), .right("images/s"), .right("ms a step"), .right("middle half"), .right("fastest"),
          .right("slowest"),
        ],
        [("training", training), ("coloring", inference)].map { name, throughput in
          [
            name, Format.fixed(throughput.imagesPerSecond, 1), Format.fixed(throughput.stepMilliseconds, 2),
            Format.fixed(throughput.lowerQuartileMilliseconds, 2) + "–"
              + Format.fixed(throughput.upperQuartileMilliseconds, 2),
            Format.fixed(throughput.fastestStepMilliseconds, 2), Format.fixed(throughput.slowestStepMilliseconds, 2),
          ]
        }),
      "",
      "first step after \(Format.fixed(firstStepMilliseconds / 1000, 2)) s, "
        + "peak memory of training \(Format.bytes(peakMemoryBytes))",
    ]
    if let operations { lines += ["", operations.text] }
    return lines.joined(separator: "\n")
  }
}
