import Runtime

/// The sizes of a spectral normalization: its weights as a matrix, and the parts that sums over it are taken in.
private struct SpectralSizes {
  /// KH · KW · I.
  let rows: Int
  /// O.
  let columns: Int
  /// Work-items of a group.
  let group: Int

  /// Rows, or elements of one work-item, in a part; the same for all bodies.
  static let part = 64

  init(_ weights: Shape, on backend: CLBackend) {
    rows = weights.pixelCount
    columns = weights.channels
    group = backend.bodies == .cpu ? 1 : backend.reductionGroupSize
  }

  var count: Int { rows * columns }
  /// Parts of the rows.
  var rowParts: Int { ceilDivide(rows, Self.part) }
  /// Parts of the elements.
  var elementParts: Int { ceilDivide(count, Self.part * group) }
  var definitions: KeyValuePairs<String, any KernelConstant> { ["GROUP": group, "PART": Self.part] }

  /// One group for each of `count`.
  func groups(_ count: Int) -> CLRange { CLRange(groups: (count, 1, 1), local: (group, 1, 1)) }
}

extension CLBackend {
  public func workspaceByteCount(_ operation: SpectralNormalizationForward) -> Int {
    let sizes = SpectralSizes(operation.weights.shape, on: self)
    return (sizes.rows + sizes.rowParts * sizes.columns) * ElementType.float32.byteCount
  }

  public func prepare(_ operation: SpectralNormalizationForward, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    let (weights, output, norm) = (operation.weights, operation.output, operation.norm)
    let (u, v) = (operation.outputVector, operation.inputVector)
    let sizes = SpectralSizes(weights.shape, on: self)
    try requireSpectral([weights, output], u, v, norm, for: operation.title)
    let scratch = try self.workspace(workspace, byteCount: workspaceByteCount(operation), for: operation.title)
    let file = "spectral_normalization.cl"
    let launch = CLLaunch(operation.title, on: self)
    try launch.add(
      "spectral_rows", in: file, definitions: sizes.definitions,
      arguments: [.vector(weights), .vector(u), .memory(scratch), .uint(sizes.columns)], over: sizes.groups(sizes.rows))
    try launch.add(
      "spectral_columns", in: file, definitions: sizes.definitions,
      arguments: [.vector(weights), .memory(scratch), .uint(sizes.rows), .uint(sizes.columns)],
      over: rows(channels: sizes.columns, pixels: sizes.rowParts))
    try launch.add(
      "spectral_norm", in: file, definitions: sizes.definitions,
      arguments: [
        .memory(scratch), .vector(u), .vector(v), .vector(norm), .uint(sizes.rows), .uint(sizes.columns),
        .uint(sizes.rowParts),
      ], over: sizes.groups(1))
    try launch.add(
      "spectral_scale", in: file, definitions: sizes.definitions,
      arguments: [.vector(weights), .vector(norm), .vector(output), .ulong(sizes.count)],
      over: rows(channels: sizes.count, pixels: 1))
    return launch
  }

  public func workspaceByteCount(_ operation: SpectralNormalizationBackward) -> Int {
    (1 + SpectralSizes(operation.output.shape, on: self).elementParts) * ElementType.float32.byteCount
  }

  public func prepare(_ operation: SpectralNormalizationBackward, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    let (gradient, output, norm) = (operation.gradient, operation.output, operation.norm)
    let (u, v) = (operation.outputVector, operation.inputVector)
    let sizes = SpectralSizes(output.shape, on: self)
    try requireSpectral([output, gradient], u, v, norm, for: operation.title)
    let scratch = try self.workspace(workspace, byteCount: workspaceByteCount(operation), for: operation.title)
    let file = "spectral_normalization.cl"
    let launch = CLLaunch(operation.title, on: self)
    try launch.add(
      "spectral_products", in: file, definitions: sizes.definitions,
      arguments: [.vector(output), .vector(gradient), .memory(scratch), .ulong(sizes.count)],
      over: sizes.groups(sizes.elementParts))
    try launch.add(
      "spectral_total", in: file, definitions: sizes.definitions,
      arguments: [.memory(scratch), .uint(sizes.elementParts)], over: sizes.groups(1))
    try launch.add(
      "spectral_gradient", in: file, definitions: sizes.definitions,
      arguments: [
        .vector(u), .vector(v), .vector(norm), .vector(gradient), .memory(scratch), .uint(sizes.rows),
        .uint(sizes.columns),
      ], over: rows(channels: sizes.columns, pixels: sizes.rows))
    return launch
  }

  private func requireSpectral(
    _ matrices: [Tensor], _ outputVector: Tensor, _ inputVector: Tensor, _ norm: Tensor, for operation: String
  ) throws(BackendError) {
    try requireSameShape(matrices, for: operation)
    for matrix in matrices { try requireVector(matrix, count: matrix.shape.count, for: operation) }
    try requireVector(outputVector, count: matrices[0].shape.channels, for: operation)
    try requireVector(inputVector, count: matrices[0].shape.pixelCount, for: operation)
    try requireVector(norm, count: 1, for: operation)
  }
}
