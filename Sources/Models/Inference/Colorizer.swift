import Imaging
import Runtime

/// Colors photographs of any size with one model.
///
/// The network sees the gray photograph scaled to its working size. Of its answer only the chroma is kept, the distance of
/// each color from their mean; it is scaled up and added to the gray photograph, whose every detail so stays as it was.
public final class Colorizer {
  private let backend: any Backend
  private let network: UNet
  private let kind: ModelKind
  /// The plan for the size used last: photographs of one folder often share it.
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
    kind = checkpoint.configuration.kind
    network = try checkpoint.load(on: backend)
  }

  /// Colors a photograph; its own colors are not looked at.
  /// - Parameter workingSize: pixels of the shorter side as the network sees it. A photograph that is smaller is worked on
  ///   at its own size. Both sides are rounded to multiples of 16.
  public func colorize(_ photograph: RGBImage, workingSize: Int) throws(BackendError) -> RGBImage {
    let shorter = min(photograph.width, photograph.height)
    let scale = min(1, Double(workingSize) / Double(shorter))
    let width = Self.multipleOf16(Double(photograph.width) * scale)
    let height = Self.multipleOf16(Double(photograph.height) * scale)
    let sized = try plan(height: height, width: width)

    let small =
      photograph.width == width && photograph.height == height
      ? photograph : photograph.resized(width: width, height: height)
    let (scaling, shift) = (kind.colorScale, kind.colorShift)
    try backend.upload(small.grayValues.map { $0 * scaling + shift }, to: sized.gray)
    try sized.plan.run()
    let colors = try backend.floats(of: sized.output).map(kind.color(fromOutput:))
    let chroma = ChromaMap(colors: colors, width: width, height: height)
    return chroma.applied(to: photograph)
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

  /// The U-Net halves four times.
  private static func multipleOf16(_ size: Double) -> Int { max(16, Int((size / 16).rounded()) * 16) }
}
