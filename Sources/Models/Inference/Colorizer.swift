import Imaging
import Runtime
import Synchronization

/// Colors photographs of any size with one model.
///
/// The input of the network is the gray photograph, scaled to a working size. Of its output only the chroma is kept,
/// CIELAB's a* and b*; it is scaled up along the photograph's edges and joined with the photograph's own lightness.
///
/// Several threads may color photographs at once; the network works for one of them at a time.
///
/// `@unchecked Sendable`: the device, the network and the plan are only used by the thread that holds `turn`.
public final class Colorizer: @unchecked Sendable {
  private let turn = Mutex<Void>(())
  private let backend: any Backend
  private let network: any ColorNetwork
  private let encoding: ColorEncoding
  /// The name of the weights.
  private let name: String
  /// The plan for the size used last, which photographs of one folder often share.
  private var current: SizedPlan?

  private struct SizedPlan {
    let plan: Plan
    let gray: Tensor
    let output: Tensor
  }

  /// Loads a weights file onto a device.
  /// - Throws: `SafetensorsError`, `BackendError`.
  public init(_ checkpoint: Checkpoint, on backend: any Backend) throws {
    self.backend = backend
    encoding = checkpoint.configuration.encoding
    name = checkpoint.name
    network = try checkpoint.load(on: backend)
  }

  /// Colors a photograph; its own colors are ignored.
  /// - Throws: `BackendError`; `CheckpointError.overflowingPrediction` where the prediction is NaN or infinite.
  public func colorize(
    _ photograph: Photograph, _ settings: ColoringSettings, hints: [ColorHint] = []
  ) throws -> ColoredPhotograph {
    let prediction = try predict(photograph, workingSize: settings.workingSize)
    return prediction.colored(
      photograph, strength: settings.strength, contrast: settings.contrast, hints: prediction.field(of: hints))
  }

  /// Predicts the colors of a photograph; its own are ignored.
  /// - Throws: `BackendError`; `CheckpointError.overflowingPrediction` where the prediction is NaN or infinite.
  public func predict(_ photograph: Photograph, workingSize: Int) throws -> ColorPrediction {
    let small = Self.small(photograph, workingSize: workingSize)
    let chroma = ChromaPlane(colors: try colors(of: small), width: small.width, height: small.height)
    return ColorPrediction(
      small: small, chroma: chroma, photographWidth: photograph.width, photographHeight: photograph.height)
  }

  /// Returns the network's own prediction for a photograph, at its working size.
  /// - Throws: `BackendError`; `CheckpointError.overflowingPrediction` where the prediction is NaN or infinite.
  public func raw(_ photograph: Photograph, workingSize: Int) throws -> RGBImage {
    let small = Self.small(photograph, workingSize: workingSize)
    return RGBImage(width: small.width, height: small.height, values: try colors(of: small))
  }

  /// Predicts the colors of an image of working size: `[height, width, 3]` in 0...1. They are the mean of the network's
  /// outputs for the image and for its mirror image, which have different errors.
  private func colors(of small: RGBImage) throws -> [Float] {
    try turn.withLock { _ in try predictedColors(of: small) }
  }

  /// Predicts the colors of an image of working size, while this thread holds `turn`.
  private func predictedColors(of small: RGBImage) throws -> [Float] {
    let sized = try plan(height: small.height, width: small.width)
    let gray = encoding.gray(of: small)
    try backend.upload(gray, to: sized.gray)
    try sized.plan.run()
    var output = try backend.floats(of: sized.output)
    let mirrored = Self.mirrored(gray, width: small.width, channels: 1)
    try backend.upload(mirrored, to: sized.gray)
    try sized.plan.run()
    let second = Self.mirrored(
      try backend.floats(of: sized.output), width: small.width, channels: encoding.colorChannels)
    for index in output.indices { output[index] = (output[index] + second[index]) / 2 }
    let colors = encoding.colors(fromOutput: output, gray: gray)
    for values in [output, colors] { try CheckpointError.requireFinite(values[...], predictedBy: name) }
    return colors
  }

  /// Returns the mirror image of `[height, width, channels]`, left and right exchanged.
  private static func mirrored(_ values: [Float], width: Int, channels: Int) -> [Float] {
    var result = values
    for pixel in 0..<values.count / channels {
      let (row, column) = (pixel / width, pixel % width)
      for channel in 0..<channels {
        result[pixel * channels + channel] = values[(row * width + width - 1 - column) * channels + channel]
      }
    }
    return result
  }

  private static func small(_ photograph: Photograph, workingSize: Int) -> RGBImage {
    let (width, height) = workingExtents(
      width: photograph.width, height: photograph.height, workingSize: workingSize)
    return photograph.resized(width: width, height: height)
  }

  /// The size of the network's input for a photograph: `workingSize` pixels on the shorter side and the photograph's
  /// proportions, but no larger than the photograph, and no side longer than a model takes. Both are rounded to
  /// multiples of `ModelConfiguration.extentMultiple`.
  public static func workingExtents(width: Int, height: Int, workingSize: Int) -> (width: Int, height: Int) {
    let scale = min(1, Double(workingSize) / Double(min(width, height)))
    let extents = ModelConfiguration.imageExtents
    func extent(_ size: Int) -> Int {
      let scaled = min(max(Double(size) * scale, Double(extents.lowerBound)), Double(extents.upperBound))
      let multiple = ModelConfiguration.extentMultiple
      return Int((scaled / Double(multiple)).rounded()) * multiple
    }
    return (extent(width), extent(height))
  }

  private func plan(height: Int, width: Int) throws(BackendError) -> SizedPlan {
    if let current, current.gray.shape.height == height, current.gray.shape.width == width { return current }
    current = nil
    let builder = PlanBuilder()
    let gray = builder.tensor("gray", Shape(1, height, width, 1))
    let output = network(gray, Tape(builder, network.parameters, mode: .inference, label: "colorizer"))
    builder.keep(output)
    let sized = SizedPlan(
      plan: try PlanCompiler(backend: backend).compile([builder])[0], gray: gray, output: output)
    current = sized
    return sized
  }
}
