import CPUKernels
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

  /// One of several ranks.
  struct Rank: Codable {
    let device: String
    let description: String
    /// Of the processor; nil on other devices.
    let threads: Int?
    /// The part of the training steps' time in which the rank waited for messages, 0...1; nil on OpenCL, where the
    /// device waits and not the host.
    let waitingPart: Double?
    /// The largest resident set of the process up to the last training step, in bytes.
    let peakMemoryBytes: Int

    init(_ backend: any Backend, waitingPart: Double, peakMemory: Int) {
      device = backend.name
      description = backend.deviceDescription
      threads = (backend as? CPUBackend)?.pool.workerCount
      self.waitingPart = backend is CPUBackend ? waitingPart : nil
      peakMemoryBytes = peakMemory
    }
  }

  /// The device of the only rank, or the first one.
  let device: String
  let description: String
  /// The precision of convolutions: `fp32`, `tf32` or `bf16x3`.
  let precision: Precision
  /// How the processor's convolutions multiply; nil on other devices.
  let cpuProducts: MatrixProducts?
  let model: ModelKind
  let width: Int
  let size: Int
  /// Images of a step, on all ranks.
  let batchSize: Int
  /// Equal parts of a batch; nil for one.
  let replicas: Int?
  let steps: Int
  /// The values of training, repeated at the top level for scripts.
  let imagesPerSecond: Double
  let stepMilliseconds: Double
  let training: Throughput
  let inference: Throughput
  let firstStepMilliseconds: Double
  /// The largest resident set of a process up to the last training step, in bytes.
  let peakMemoryBytes: Int
  /// Nil for a single process.
  let ranks: [Rank]?
  /// Those of the first rank; nil without `--ops`.
  let operations: OperationsReport?

  init(
    _ bench: Bench, _ backend: any Backend, replicas: Replicas, secondsToFirstStep: Double, training: Durations,
    inference: Durations, ranks: [Rank], operations: OperationsReport?
  ) {
    device = backend.name
    description = backend.deviceDescription
    precision = backend.precision
    cpuProducts = backend.products
    model = bench.model
    width = bench.options.width
    size = bench.options.size
    batchSize = bench.options.batchSize
    self.replicas = replicas.count > 1 ? replicas.count : nil
    steps = training.seconds.count
    self.training = Throughput(training, batchSize: batchSize)
    self.inference = Throughput(inference, batchSize: batchSize)
    imagesPerSecond = self.training.imagesPerSecond
    stepMilliseconds = self.training.stepMilliseconds
    firstStepMilliseconds = secondsToFirstStep * 1000
    peakMemoryBytes = ranks.map(\.peakMemoryBytes).max() ?? 0
    self.ranks = ranks.count > 1 ? ranks : nil
    self.operations = operations
  }

  var text: String {
    var lines = [
      "\(device): \(description)",
      """
      \(model.rawValue), width \(width), \(Format.counted(batchSize, "image")) of \(size)×\(size) a step, \
      \(Format.counted(steps, "step")), \(precision)
      """,
    ]
    if let sharing { lines.append(sharing) }
    lines += [
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
        + "peak memory of training \(Format.bytes(peakMemoryBytes))" + (ranks == nil ? "" : " in a rank"),
    ]
    if let waiting { lines.append(waiting) }
    if let operations { lines += ["", operations.text] }
    return lines.joined(separator: "\n")
  }

  /// Who shares a batch; nil where it is whole.
  var sharing: String? {
    guard let replicas else { return nil }
    guard let ranks else { return "in \(replicas) replicas" }
    let threads = ranks.compactMap(\.threads)
    let most = threads.max() ?? 0
    return "in \(replicas) replicas on \(ranks.count) ranks"
      + (most > 0 ? " of \(Self.range(threads.map(Double.init))) \(most > 1 ? "threads" : "thread")" : "")
  }

  /// The ranks' waiting; nil where there is one rank, or the devices wait and not the hosts.
  private var waiting: String? {
    let percents = (ranks ?? []).compactMap(\.waitingPart).map { 100 * $0 }
    guard !percents.isEmpty else { return nil }
    return "waiting for messages \(Self.range(percents)) % of the training"
  }

  /// Returns the smallest and the largest of numbers, as one where they are the same when rounded.
  private static func range(_ numbers: [Double]) -> String {
    let ends = [numbers.min(), numbers.max()].compactMap { $0.map { Format.fixed($0, 0) } }
    return ends.first == ends.last ? ends.first ?? "" : ends.joined(separator: "–")
  }
}
