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

  public init(
    input: Tensor,
    output: Tensor,
    mode: UpsamplingMode,
    factor: Int = 2
  ) {
    self.input = input
    self.output = output
    self.mode = mode
    self.factor = factor
  }

  public var reads: [Tensor] { [input] }
  public var writes: [Tensor] { [output] }
  public var floatingPointOperations: Int { mode == .bilinear ? 7 * output.shape.count : 0 }

  public func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try backend.prepare(self)
  }
}
