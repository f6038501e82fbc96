import Data
import Runtime

/// Times whole training steps of a model, and batches that it colors, on random images.
public struct StepBenchmark {
  private let trainer: Trainer
  private let backend: any Backend
  public let batchSize: Int
  /// From nothing to the end of the first step, in seconds: planning, allocation, kernels, the step.
  public let secondsToFirstStep: Double

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
    let order = try ImageOrder(capacity: count, of: images, on: backend)
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

  /// Times `steps` training steps, each to its end on the device, after `warmUp` that are not counted.
  public func train(warmUp: Int, steps: Int) throws(BackendError) -> Durations {
    try time(warmUp: warmUp, runs: steps) { (first) throws(BackendError) in try trainer.step(first: first) }
  }

  /// Times coloring `batches` batches, each to its end on the device, after `warmUp` that are not counted. The colors stay
  /// on the device.
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

  /// Times every operation of a training step by itself: the median over `steps` steps, in seconds, in the step's order.
  public func profile(steps: Int) throws(BackendError) -> [(operation: any Operation, seconds: Double)] {
    try trainer.profile(steps: steps)
  }
}
