import Data
import Runtime

/// A benchmark of whole training steps of a model, and of batches that it colors, on random images.
public struct StepBenchmark {
  private let trainer: Trainer
  private let backend: any Backend
  public let batchSize: Int
  /// Seconds to the end of the first step: planning, allocation, building kernels, the step.
  public let secondsToFirstStep: Double

  /// Batches in the data set.
  private static let batches = 2

  /// Plans the model and takes the first step.
  /// - Throws: `ModelError`, `BackendError`; `DataError` where memory cannot hold the images.
  public init(_ configuration: ModelConfiguration, size: Int, batchSize: Int, on backend: any Backend) throws {
    try configuration.validate(height: size, width: size)
    let start = ContinuousClock.now
    let count = batchSize * Self.batches
    var random = Philox(seed: 1, stream: 0)
    let byteCount = try ImageDataset.byteCount(width: size, height: size, count: count)
    let bytes = (0..<byteCount).map { _ in UInt8(truncatingIfNeeded: random.nextWord()) }
    let dataset = ImageDataset(name: "random", source: "random", width: size, height: size, bytes: bytes)
    var options = TrainingOptions(recipeFor: configuration.kind)
    options.batchSize = batchSize
    let plan = StepPlan(
      configuration, options: options,
      images: try DeviceImages(dataset, residency: .all, batchSize: batchSize, on: backend), trainingCount: count,
      validationCount: count)
    trainer = try Trainer(plan, on: backend)
    for batches in [trainer.batches, trainer.predictor.batches] {
      try batches.set(Array(0..<UInt32(count)), on: backend)
    }
    try trainer.step(first: 0)
    try backend.synchronize()
    secondsToFirstStep = start.secondsUntilNow
    self.backend = backend
    self.batchSize = batchSize
  }

  /// Times `steps` training steps, each to its end on the device, after `warmUp` that are not timed.
  public func train(warmUp: Int, steps: Int) throws(BackendError) -> Durations {
    try time(warmUp: warmUp, runs: steps) { (first) throws(BackendError) in try trainer.step(first: first) }
  }

  /// Times the prediction of `batches` batches, each to its end on the device, after `warmUp` that are not timed. The
  /// colors stay on the device.
  public func infer(warmUp: Int, batches: Int) throws(BackendError) -> Durations {
    try time(warmUp: warmUp, runs: batches) { (first) throws(BackendError) in try trainer.predictor.run(first: first) }
  }

  private func time(warmUp: Int, runs: Int, _ body: (_ first: Int) throws(BackendError) -> Void) throws(BackendError)
    -> Durations
  {
    var seconds: [Double] = []
    for run in 0..<warmUp + runs {
      let start = ContinuousClock.now
      try body(run % Self.batches * batchSize)
      try backend.synchronize()
      if run >= warmUp { seconds.append(start.secondsUntilNow) }
    }
    return Durations(seconds)
  }

  /// Times every operation of a training step by itself: the median over `steps` steps, in seconds, in the step's
  /// order.
  public func profile(steps: Int) throws(BackendError) -> [(operation: any Operation, seconds: Double)] {
    try trainer.profile(steps: steps)
  }

  /// Times the convolutions of a training step as `profile` does, on another backend, which computes in the same memory.
  /// Returns the seconds of each operation in the step's order; nil for operations that are no convolutions.
  public func profileConvolutions(steps: Int, on other: any Backend) throws(BackendError) -> [Double?] {
    try trainer.profileConvolutions(steps: steps, on: other)
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
