import Runtime

/// A convolution's forward pass, its data gradient, or the same of a transposed convolution: one sum, read from the output's
/// side. The formulation is in convolution_geometry.h.
struct ConvolutionGather {
  /// Which of the tensors is the finer one.
  enum Direction {
    /// From an image to its convolution.
    case down
    /// From a convolution's output to its image: stride² interleaved grids of output pixels, each with taps of its own.
    case up
  }

  /// The operation's name in every tree.
  let operation: String
  let pass: Pass
  /// `[N, H, W, C]`
  let input: Tensor
  /// `[kernelHeight, kernelWidth, C, K]`, or `[kernelHeight, kernelWidth, K, C]`
  let weights: Tensor
  /// `[K]`
  let bias: Tensor?
  /// `[N, H′, W′, K]`
  let output: Tensor
  let geometry: ConvolutionGeometry
  let direction: Direction
  /// Whether the weights' output channels are the ones that are summed over.
  let readsWeightsTransposed: Bool

  /// For messages.
  var name: String { "\(operation) \(pass.rawValue)" }
  var key: ConvolutionKey {
    ConvolutionKey(
      operation: operation, pass: pass, geometry: geometry, input: readsWeightsTransposed ? output : input,
      output: readsWeightsTransposed ? input : output, hasBias: bias != nil)
  }

  var channels: Int { input.shape.channels }
  var columns: Int { output.shape.channels }
  /// Interleaved grids along each axis.
  var phases: Int { direction == .up ? geometry.stride : 1 }
  /// Pixels of the largest of the interleaved grids, of one image.
  var gridPixels: Int { ceilDivide(output.shape.height, phases) * ceilDivide(output.shape.width, phases) }
  var rows: Int { output.shape.batch * gridPixels }
  /// On small maps a good part of the taps falls into the padding; rows are then ordered so that neighbours share their
  /// position and skip them together.
  var isBestPositionMajor: Bool { geometry.taps > 1 && output.shape.batch > 1 && gridPixels <= 64 }

  func workspaceByteCount(on backend: CLBackend) -> Int {
    backend.method(for: self).implementation.workspaceByteCount(for: self)
  }

  func prepare(on backend: CLBackend, workspace: DeviceMemory?) throws(BackendError) -> CLLaunch {
    try prepare(backend.method(for: self), on: backend, workspace: workspace)
  }

  /// The sum computed by `method`.
  func prepare(_ method: GatherMethod, on backend: CLBackend, workspace: DeviceMemory?) throws(BackendError) -> CLLaunch
  {
    let launch = CLLaunch(name, on: backend)
    // Indices of rows, terms and elements of the weights are ints in the kernels.
    try requireInt(rows, "rows of the output", name)
    try requireInt(weights.shape.count, "weights", name)
    try requireInt(input.shape.pixelCount, "pixels of the input", name)
    let byteCount = method.implementation.workspaceByteCount(for: self)
    let memory = byteCount > 0 ? try backend.workspace(workspace, byteCount: byteCount, for: name) : nil
    try method.implementation.add(self, to: launch, on: backend, workspace: memory)
    return launch
  }

  /// The sizes that the kernels of convolution_geometry.h's formulation end with.
  /// - Parameter positionMajor: whether rows are ordered position by position, the images of the batch innermost.
  func extents(positionMajor: Bool) -> [KernelArgument] {
    [
      .int(output.shape.height), .int(output.shape.width), .int(output.shape.batch), .int(channels), .int(columns),
      .int(geometry.kernelHeight), .int(geometry.kernelWidth), .int(geometry.padding), .int(phases),
      .int(direction == .up ? 1 : geometry.stride), .int(direction == .up ? -1 : 1), .int(positionMajor ? 1 : 0),
    ]
  }

  /// Appends the sum of `splits` parts, `[split][pixels][columns]`, in the parts' order, and of the bias.
  func addReduction(of partial: CLMemory, splits: Int, to launch: CLLaunch, on backend: CLBackend) throws(BackendError)
  {
    let pixels = output.shape.pixelCount
    try launch.add(
      "convolution_reduce", in: "convolution_reduce.cl",
      arguments: [.memory(partial), .int(splits)] + (try biasArguments(bias, backend))
        + [.tensor(output), .ulong(pixels), .ulong(columns), .int(0)],
      over: backend.rows(channels: columns, pixels: pixels))
  }

  /// A pointer, null for no bias, and an offset.
  func biasArguments(_ bias: Tensor?, _ backend: CLBackend) throws(BackendError) -> [KernelArgument] {
    guard let bias else { return [.null, .ulong(0)] }
    return [.memory(try backend.memory(of: bias, for: name)), .ulong(bias.offset)]
  }
}
