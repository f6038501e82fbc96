import Runtime

/// Colors photographs of a data set batch by batch, with the running statistics.
public final class Predictor {
  private let backend: any Backend
  private let plan: Plan
  private let prediction: PredictionBuilder
  /// Which photographs, in which order.
  public let order: ImageOrder

  init(_ prediction: PredictionBuilder, plan: Plan, order: ImageOrder, on backend: any Backend) {
    self.prediction = prediction
    self.plan = plan
    self.order = order
    self.backend = backend
  }

  /// Makes a predictor with memory of its own.
  /// - Parameter batchSize: photographs at a time; the order's capacity is a multiple of it.
  public convenience init(
    _ network: UNet, _ configuration: ModelConfiguration, images: DeviceImages, order: ImageOrder, batchSize: Int,
    on backend: any Backend
  ) throws(BackendError) {
    let source = BatchSource(images: images, order: order, batchSize: batchSize)
    let prediction = PredictionBuilder(network, configuration, source)
    let plans = try PlanCompiler(backend: backend).compile([prediction.builder])
    self.init(prediction, plan: plans[0], order: order, on: backend)
  }

  /// Puts one batch, from position `first` of the order on, into the device's queue.
  func run(first: Int) throws(BackendError) {
    try prediction.source.move(to: first)
    try plan.run()
  }

  /// Colors the photographs of the order, a batch at a time.
  /// - Parameter body: gets the position in the order of the batch's first photograph, how many there are, and their
  ///   colors in 0...1 as `[count, H, W, 3]`. What it throws ends it.
  /// - Throws: `BackendError`, and what `body` throws.
  public func forEachBatch(
    _ body: (_ first: Int, _ count: Int, _ colors: [Float]) throws -> Void
  ) throws {
    let batchSize = prediction.source.batchSize
    for first in stride(from: 0, to: order.count, by: batchSize) {
      let count = min(batchSize, order.count - first)
      try run(first: first)
      let output = try backend.floats(of: prediction.output)
      // Only in CIELAB does it say more than what the generator made.
      let gray = prediction.encoding == .lab ? try backend.floats(of: prediction.gray) : []
      let colors = prediction.encoding.colors(fromOutput: output, gray: gray)
      try body(first, count, Array(colors.prefix(count * colors.count / batchSize)))
    }
  }
}
