import Runtime

/// Gradients of the weights and of the bias of a convolution or a transposed one:
///
/// weightsGradient(i, j, c, k) = Σ rows(·, c) · columns(·, k) over the pixels of the coarser of the two tensors; the finer one
/// is sampled at pixel · stride + (i, j) − padding.
struct ConvolutionFilter {
  /// The operation's name in every tree.
  let operation: String
  /// The tensor whose channels are the weights' input channels.
  let rows: Tensor
  /// The tensor whose channels are the weights' output channels.
  let columns: Tensor
  /// Whether `rows` is the finer one, as in a convolution, or `columns`, as in a transposed one.
  let samplesRows: Bool
  /// What the bias's gradient sums up.
  let outputGradient: Tensor
  /// `[kernelHeight, kernelWidth, inputChannels, outputChannels]`
  let weightsGradient: Tensor
  /// `[outputChannels]`
  let biasGradient: Tensor?
  let geometry: ConvolutionGeometry
  /// Add to the gradients instead of overwriting them.
  let accumulate: Bool

  /// For messages.
  var name: String { "\(operation) \(Pass.backwardFilter.rawValue)" }
  var key: ConvolutionKey {
    ConvolutionKey(
      operation: operation, pass: .backwardFilter, geometry: geometry, input: rows, output: columns,
      hasBias: biasGradient != nil)
  }

  /// The finer tensor.
  var sampled: Tensor { samplesRows ? rows : columns }
  /// The coarser tensor, over whose pixels the sums go.
  var grid: Tensor { samplesRows ? columns : rows }

  func workspaceByteCount(on backend: CLBackend) -> Int { workspaceByteCount(backend.method(for: self)) }

  func workspaceByteCount(_ method: FilterMethod) -> Int {
    // The two gradients use it one after the other.
    max(method.implementation.workspaceByteCount(for: self), biasWorkspaceByteCount)
  }

  func prepare(on backend: CLBackend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try prepare(backend.method(for: self), on: backend, workspace: workspace)
  }

  /// The sums computed by `method`.
  func prepare(_ method: FilterMethod, on backend: CLBackend, workspace: DeviceMemory?) throws(BackendError) -> CLLaunch
  {
    let launch = CLLaunch(name, on: backend)
    // Indices of pixels and of elements of the weights are ints in the kernels.
    try requireInt(sampled.shape.pixelCount, "pixels of \(sampled.storage.name)", name)
    try requireInt(grid.shape.pixelCount, "pixels of \(grid.storage.name)", name)
    try requireInt(weightsGradient.shape.count, "weights", name)
    let byteCount = workspaceByteCount(method)
    let memory = byteCount > 0 ? try backend.workspace(workspace, byteCount: byteCount, for: name) : nil
    try method.implementation.add(self, to: launch, on: backend, workspace: memory)
    if let memory, let biasGradient { try addBias(biasGradient, to: launch, on: backend, workspace: memory) }
    return launch
  }
}
