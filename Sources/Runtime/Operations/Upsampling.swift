/// The interpolation of an upsampling.
public enum UpsamplingMode: String, Hashable, Sendable, CaseIterable {
  case nearest
  /// Linear in both directions, pixel centers at halves, edges clamped (PyTorch's `align_corners=False`).
  case bilinear
}

/// Makes images larger by a whole factor.
public struct UpsamplingForward: Operation {
  public static let name = "Upsampling"
  public var pass: Pass { .forward }

  /// `[N, H, W, C]`
  public let input: Tensor
  /// `[N, H · factor, W · factor, C]`
  public let output: Tensor
  public let mode: UpsamplingMode
  public let factor: Int

  public init(input: Tensor, output: Tensor, mode: UpsamplingMode, factor: Int = 2) {
    self.input = input
    self.output = output
    self.mode = mode
    self.factor = factor
  }

  public var reads: [Tensor] { [input] }
  public var writes: [Tensor] { [output] }
  public var floatingPointOperations: Int { mode == .bilinear ? 7 * output.shape.count : 0 }

  public func validate() throws(BackendError) { try requireUpsampling(from: input, to: output, factor: factor) }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}

/// Gradient of `UpsamplingForward`: each input gathers what it gave to the outputs.
public struct UpsamplingBackward: Operation {
  public static let name = UpsamplingForward.name
  public var pass: Pass { .backward }

  /// `[N, H · factor, W · factor, C]`
  public let outputGradient: Tensor
  /// `[N, H, W, C]`
  public let inputGradient: Tensor
  public let mode: UpsamplingMode
  public let factor: Int

  public init(outputGradient: Tensor, inputGradient: Tensor, mode: UpsamplingMode, factor: Int = 2) {
    self.outputGradient = outputGradient
    self.inputGradient = inputGradient
    self.mode = mode
    self.factor = factor
  }

  public var reads: [Tensor] { [outputGradient] }
  public var writes: [Tensor] { [inputGradient] }
  public var floatingPointOperations: Int { (mode == .bilinear ? 8 : 1) * outputGradient.shape.count }

  public func validate() throws(BackendError) {
    try requireUpsampling(from: inputGradient, to: outputGradient, factor: factor)
  }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}

extension Operation {
  /// Throws unless `larger` has the shape that upsampling `smaller` by `factor` gives.
  fileprivate func requireUpsampling(from smaller: Tensor, to larger: Tensor, factor: Int) throws(BackendError) {
    try require(.float32, in: smaller, larger)
    try require(factor >= 1, "factor \(factor) is less than 1")
    let shape = smaller.shape
    try requireShape(Shape(shape.batch, shape.height * factor, shape.width * factor, shape.channels), of: larger)
  }
}
