import Data
import Runtime

/// The prediction of one batch: images in, the colors of a network out. Making one touches no device.
struct Prediction {
  let builder = PlanBuilder()
  let batches: BatchStream
  let encoding: ColorEncoding
  /// `[N, H, W, 1]`, as encoded.
  let gray: Tensor
  /// `[N, H, W, encoding.colorChannels]`, as encoded.
  let output: Tensor

  init(_ network: any ColorNetwork, _ encoding: ColorEncoding, _ batches: BatchStream) {
    self.batches = batches
    self.encoding = encoding
    let color = builder.tensor("evaluation.color", batches.shape(channels: encoding.colorChannels))
    gray = builder.tensor("evaluation.gray", batches.shape(channels: 1))
    builder.append(batches.gather(color: color, gray: gray, encoding), .batch)
    output = network(gray, Tape(builder, network.parameters, mode: .inference, label: "evaluation"))
    builder.keep(output)
    // The colors of CIELAB are converted with the lightness.
    if encoding == .lab { builder.keep(gray) }
  }
}

/// Colors the images of a stream batch by batch, with the running statistics.
public final class Predictor {
  private let backend: any Backend
  private let plan: Plan
  private let prediction: Prediction
  /// The name of the weights, whose predictions must be finite; nil for weights in training.
  private let name: String?

  /// - Parameter name: The name of weights whose predictions must be finite; nil for weights in training, whose losses
  ///   say whether they diverged.
  init(_ prediction: Prediction, of name: String? = nil, plan: Plan, on backend: any Backend) {
    self.prediction = prediction
    self.name = name
    self.plan = plan
    self.backend = backend
  }

  /// Loads a weights file to color the first images of a data set, in their order.
  /// - Parameters:
  ///   - imageCount: number of images; all where nil.
  ///   - batchSize: images at a time; it changes nothing but speed and memory.
  /// - Throws: `ModelError` where the images' size does not suit the model, `SafetensorsError`, `BackendError`.
  public convenience init(
    _ checkpoint: Checkpoint, dataset: ImageDataset, imageCount: Int? = nil, batchSize: Int = 64,
    on backend: any Backend
  ) throws {
    try checkpoint.configuration.validate(height: dataset.height, width: dataset.width)
    let count = min(imageCount ?? dataset.count, dataset.count)
    let batchSize = min(batchSize, count)
    let batches = BatchStream(
      try DeviceImages(dataset, batchSize: batchSize, on: backend), count: count, batchSize: batchSize)
    try batches.places.storage.allocate(on: backend)
    try batches.set(Array(0..<UInt32(count)), on: backend)
    let prediction = Prediction(try checkpoint.load(on: backend), checkpoint.configuration.encoding, batches)
    let plans = try PlanCompiler(backend: backend).compile([prediction.builder])
    self.init(prediction, of: checkpoint.name, plan: plans[0], on: backend)
  }

  /// The images to color, in their order.
  public var batches: BatchStream { prediction.batches }

  /// Number of batches, the last of which may be incomplete.
  var batchCount: Int { ceilDivide(batches.count, batches.batchSize) }

  /// Enqueues the prediction of one batch, from position `first` of the order on.
  func run(first: Int) throws(BackendError) {
    try batches.seek(to: first)
    try plan.run()
  }

  /// Colors the images of the order, or of some of its batches, a batch at a time.
  /// - Parameter range: numbers of the batches; all where nil.
  /// - Parameter body: receives the position in the order of the batch's first image, the number of images, and their
  ///   colors in 0...1 as `[count, H, W, 3]`. An error that it throws ends the prediction.
  /// - Throws: `BackendError`, what `body` throws, and `CheckpointError.overflowingPrediction` where a prediction of a
  ///   weights file is NaN or infinite.
  public func forEachBatch(
    in range: Range<Int>? = nil, _ body: (_ first: Int, _ count: Int, _ colors: [Float]) throws -> Void
  ) throws {
    let batchSize = batches.batchSize
    for first in (range ?? 0..<batchCount).lazy.map({ $0 * batchSize }) {
      let count = min(batchSize, batches.count - first)
      try run(first: first)
      let output = try backend.floats(of: prediction.output)
      let gray = prediction.encoding == .lab ? try backend.floats(of: prediction.gray) : []
      let colors = prediction.encoding.colors(fromOutput: output, gray: gray)
      let used = Array(colors.prefix(count * colors.count / batchSize))
      if let name {
        // The places of an incomplete last batch that no image is in may hold anything.
        try CheckpointError.requireFinite(output.prefix(count * output.count / batchSize), predictedBy: name)
        try CheckpointError.requireFinite(used[...], predictedBy: name)
      }
      try body(first, count, used)
    }
  }
}
