import Data
import MessagePassing
import Runtime

/// A benchmark of whole training steps of a model, and of batches that it colors, on random images. Ranks that train
/// together measure together: each calls the same functions, and gets the same durations.
public struct StepBenchmark {
  private let trainer: Trainer
  private let backend: any Backend
  /// Images of a step, on all ranks.
  public let batchSize: Int
  /// Seconds to the end of the first step: planning, allocation, building kernels, the step. Of the slowest rank.
  public let secondsToFirstStep: Double

  /// Batches in the data set.
  private static let batches = 2

  /// Plans the model and takes the first step.
  /// - Parameter replicas: those that share a batch, whose size they divide.
  /// - Throws: `ModelError`, `BackendError`, `MessagePassingError`; `DataError` where memory cannot hold the images.
  public init(
    _ configuration: ModelConfiguration, size: Int, batchSize: Int, replicas: Replicas = .one, on backend: any Backend
  ) throws {
    try configuration.validate(height: size, width: size)
    try replicas.ranks.measureMemory(of: backend)
    let start = ContinuousClock.now
    let count = batchSize * Self.batches
    var random = Philox(seed: 1, stream: 0)
    let byteCount = try ImageDataset.byteCount(width: size, height: size, count: count)
    let bytes = (0..<byteCount).map { _ in UInt8(truncatingIfNeeded: random.nextWord()) }
    let dataset = ImageDataset(name: "random", source: "random", width: size, height: size, bytes: bytes)
    var options = TrainingOptions(recipeFor: configuration.kind)
    options.batchSize = batchSize
    let plan = StepPlan(
      configuration, options: options, replicas: replicas,
      images: try DeviceImages(
        dataset, residency: .all, batchSize: batchSize / replicas.ranks.rankCount, on: backend),
      trainingCount: count, validationCount: count)
    trainer = try Trainer(plan, on: backend)
    let order = Array(0..<UInt32(count))
    try trainer.setOrder(order)
    try trainer.predictor.batches.set(order, on: backend)
    try trainer.step(first: 0)
    try backend.synchronize()
    secondsToFirstStep = try replicas.ranks.longest([start.secondsUntilNow])[0]
    self.backend = backend
    self.batchSize = batchSize
  }

  private var ranks: Communicator { trainer.replicas.ranks }

  /// Times `steps` training steps, each to its end on the devices of all ranks, after `warmUp` that are not timed.
  /// - Returns: the durations, and the part of all together, 0...1, in which this rank waited for messages. On a device
  ///   that works beside the host, such as a GPU, that device waits and the host does not.
  public func train(warmUp: Int, steps: Int) throws(BackendError) -> (durations: Durations, waitingPart: Double) {
    try time(warmUp: warmUp, runs: steps) { (first) throws(BackendError) in try trainer.step(first: first) }
  }

  /// Times the prediction of `batches` batches, each to its end on the devices of all ranks, after `warmUp` that are
  /// not timed. The ranks color their parts of a batch, in as many predictions as they have replicas. The colors stay
  /// on the devices.
  public func infer(warmUp: Int, batches: Int) throws(BackendError) -> Durations {
    let replicas = trainer.replicas
    let part = batchSize / replicas.count
    return try time(warmUp: warmUp, runs: batches) { (first) throws(BackendError) in
      for replica in 0..<replicas.localCount {
        try trainer.predictor.run(first: first + (ranks.rank * replicas.localCount + replica) * part)
      }
    }.durations
  }

  private func time(
    warmUp: Int, runs: Int, _ body: (_ first: Int) throws(BackendError) -> Void
  ) throws(BackendError) -> (durations: Durations, waitingPart: Double) {
    var seconds: [Double] = []
    var waited = 0.0
    for run in 0..<warmUp + runs {
      // All ranks begin at the same time, so that the longest duration is that of the whole.
      try passing { () throws(MessagePassingError) in try ranks.barrier() }
      let waitedBefore = ranks.secondsWaited
      let start = ContinuousClock.now
      try body(run % Self.batches * batchSize)
      try backend.synchronize()
      guard run >= warmUp else { continue }
      seconds.append(start.secondsUntilNow)
      waited += ranks.secondsWaited - waitedBefore
    }
    let durations = Durations(try passing { () throws(MessagePassingError) in try ranks.longest(seconds) })
    return (durations, waited / durations.seconds.reduce(0, +))
  }

  /// Calls what passes messages.
  private func passing<Result>(_ body: () throws(MessagePassingError) -> Result) throws(BackendError) -> Result {
    do throws(MessagePassingError) { return try body() } catch { throw .messages(error) }
  }

  /// Times every operation of a training step by itself: the median over `steps` steps, in the step's order.
  public func profile(steps: Int) throws(BackendError) -> [TimedOperation] {
    try trainer.profile(steps: steps)
  }

  /// Times the convolutions of a training step as `profile` does, on another backend, which computes in the same
  /// memory. Returns the seconds of each operation in the step's order; nil for operations that are no convolutions.
  public func profileConvolutions(steps: Int, on other: any Backend) throws(BackendError) -> [Double?] {
    try trainer.profileConvolutions(steps: steps, on: other)
  }
}

/// An operation of a training step with its duration.
public struct TimedOperation {
  public let operation: any Operation
  public let label: OperationLabel
  public let seconds: Double

  init(_ labeled: LabeledOperation, seconds: Double) {
    operation = labeled.operation
    label = labeled.label
    self.seconds = seconds
  }
}

/// The durations of several runs of the same work, at least one, in the order in which they ran.
public struct Durations: Sendable {
  public let seconds: [Double]
  private let sorted: [Double]

  init(_ seconds: [Double]) {
    self.seconds = seconds
    sorted = seconds.sorted()
  }

  public var median: Double { quantile(0.5) }
  public var shortest: Double { quantile(0) }
  public var longest: Double { quantile(1) }

  /// Returns the quantile of a part of all runs, 0...1, interpolated linearly between two runs (type 7 of Hyndman and
  /// Fan, "Sample quantiles in statistical packages", The American Statistician 1996).
  public func quantile(_ part: Double) -> Double {
    let place = part * Double(sorted.count - 1)
    let low = Int(place)
    let high = min(low + 1, sorted.count - 1)
    return sorted[low] + (place - Double(low)) * (sorted[high] - sorted[low])
  }
}
