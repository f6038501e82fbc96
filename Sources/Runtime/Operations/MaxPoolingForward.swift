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

  public init(
    input: Tensor,
    output: Tensor,
    indices: Tensor? = nil,
    window: Int = 2
  ) {
    self.input = input
    self.output = output
    self.indices = indices
    self.window = window
  }

  public var reads: [Tensor] { [input] }
  public var writes: [Tensor] { [output] + (indices.map { [$0] } ?? []) }
  public var floatingPointOperations: Int { input.shape.count }

  public func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try backend.prepare(self)
  }
}
