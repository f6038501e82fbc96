/// Max-pooling over window × window squares that do not overlap; rows and columns left over at the end are ignored.
/// The first of equal maxima (row by row) wins, as in PyTorch.
public struct MaxPoolingForward: Operation {
  public static let name = "MaxPooling"
  public var pass: Pass { .forward }

  /// `[N, H, W, C]`; may be a slice of channels.
  public let input: Tensor
  /// `[N, H / window, W / window, C]`
  public let output: Tensor
  /// Place of each maximum in its window, `y · window + x`, as `uint8`; shape of `output`. Only training needs it.
  public let indices: Tensor?
  public let window: Int

  public init(input: Tensor, output: Tensor, indices: Tensor? = nil, window: Int = 2) {
    self.input = input
    self.output = output
    self.indices = indices
    self.window = window
  }

  public var reads: [Tensor] { [input] }
  public var writes: [Tensor] { [output, indices].compactMap { $0 } }
  public var floatingPointOperations: Int { input.shape.count }

  public func validate() throws(BackendError) {
    try require(.float32, in: input)
    try requirePooling(output, indices, of: input, window: window)
  }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}

/// Sends each output gradient to the place of its maximum; every other element gets 0.
public struct MaxPoolingBackward: Operation {
  public static let name = MaxPoolingForward.name
  public var pass: Pass { .backward }

  /// `[N, H / window, W / window, C]`
  public let outputGradient: Tensor
  /// Written by the forward pass.
  public let indices: Tensor
  /// `[N, H, W, C]`; may be a slice of channels.
  public let inputGradient: Tensor
  /// Add to `inputGradient` instead of overwriting it.
  public let accumulate: Bool
  public let window: Int

  public init(
    outputGradient: Tensor, indices: Tensor, inputGradient: Tensor, accumulate: Bool = false, window: Int = 2
  ) {
    self.outputGradient = outputGradient
    self.indices = indices
    self.inputGradient = inputGradient
    self.accumulate = accumulate
    self.window = window
  }

  public var reads: [Tensor] { [outputGradient, indices] + (accumulate ? [inputGradient] : []) }
  public var writes: [Tensor] { [inputGradient] }
  public var floatingPointOperations: Int { inputGradient.shape.count }

  public func validate() throws(BackendError) {
    try require(.float32, in: inputGradient)
    try requirePooling(outputGradient, indices, of: inputGradient, window: window)
  }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}
