import Data
import Runtime

/// Times whole training steps of a model on random images.
public struct StepBenchmark {
  /// What was seen.
  public struct Result: Sendable {
    /// Duration of each step, in seconds, in the order in which they ran.
    public let seconds: [Double]
    /// From nothing to the end of the first step: planning, allocation, kernels, the step.
    public let secondsToFirstStep: Double
    public let batchSize: Int

    /// The middle duration, in seconds.
    public var medianSeconds: Double {
      let sorted = seconds.sorted()
      return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    public var imagesPerSecond: Double { Double(batchSize) / medianSeconds }
  }

  private let trainer: Trainer
  private let backend: any Backend
  private let batchSize: Int
  private let secondsToFirstStep: Double

  /// Batches in the data set that the steps go through.
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
    let images = try bytes.withUnsafeBufferPointer { (bytes) throws(BackendError) in
      try DeviceImages(UnsafeRawBufferPointer(bytes), count: count, height: size, width: size, on: backend)
    }
    let order = try ImageOrder(capacity: count, on: backend)
    try order.set(Array(0..<UInt32(count)))
    var options = TrainingOptions(recipeFor: configuration.kind)
    options.batchSize = batchSize
    trainer = try Trainer(
      configuration, options: options, images: images, order: order, validationOrder: order, on: backend)
    try trainer.step(first: 0)
    try backend.synchronize()
    secondsToFirstStep = start.secondsUntilNow
    self.backend = backend
    self.batchSize = batchSize
  }

  /// Times `steps` steps, each to its end on the device, after `warmUp` that are not counted.
  public func run(warmUp: Int, steps: Int) throws(BackendError) -> Result {
    var seconds: [Double] = []
    for step in 0..<warmUp + steps {
      let start = ContinuousClock.now
      try trainer.step(first: step % Self.batches * batchSize)
      try backend.synchronize()
      if step >= warmUp { seconds.append(start.secondsUntilNow) }
    }
    return Result(seconds: seconds, secondsToFirstStep: secondsToFirstStep, batchSize: batchSize)
  }

  /// Times every operation of a step by itself: the median over `steps` steps, in seconds, in the step's order.
  public func profile(steps: Int) throws(BackendError) -> [(operation: any Operation, seconds: Double)] {
    try trainer.profile(steps: steps)
  }
}
