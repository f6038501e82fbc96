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
  public func plan(_ operation: SpectralNormalizationForward) -> PlannedOperation {
    let (weights, output, norm) = (operation.weights, operation.output, operation.norm)
    let (u, v) = (operation.outputVector, operation.inputVector)
    let sizes = SpectralSizes(weights.shape, on: self)
    let file = "spectral_normalization.cl"
    let byteCount = (sizes.rows + sizes.rowParts * sizes.columns) * ElementType.float32.byteCount
    return plan(operation.title, workspaceByteCount: byteCount) { [self] (launch, workspace) throws(BackendError) in
      try launch.add(
        "spectral_rows", in: file, definitions: sizes.definitions,
        arguments: [.array(weights), .array(u), .memory(workspace), .uint(sizes.columns)],
        over: sizes.groups(sizes.rows))
      try launch.add(
        "spectral_columns", in: file, definitions: sizes.definitions,
        arguments: [.array(weights), .memory(workspace), .uint(sizes.rows), .uint(sizes.columns)],
        over: rows(channels: sizes.columns, pixels: sizes.rowParts))
      try launch.add(
        "spectral_norm", in: file, definitions: sizes.definitions,
        arguments: [
          .memory(workspace), .array(u), .array(v), .array(norm), .uint(sizes.rows), .uint(sizes.columns),
          .uint(sizes.rowParts),
        ], over: sizes.groups(1))
      try launch.add(
        "spectral_scale", in: file, definitions: sizes.definitions,
        arguments: [.array(weights), .array(norm), .array(output), .ulong(sizes.count)],
        over: rows(channels: sizes.count, pixels: 1))
    }
  }

  public func plan(_ operation: SpectralNormalizationBackward) -> PlannedOperation {
    let (gradient, output, norm) = (operation.gradient, operation.output, operation.norm)
    let (u, v) = (operation.outputVector, operation.inputVector)
    let sizes = SpectralSizes(output.shape, on: self)
    let file = "spectral_normalization.cl"
    let byteCount = (1 + sizes.elementParts) * ElementType.float32.byteCount
    return plan(operation.title, workspaceByteCount: byteCount) { [self] (launch, workspace) throws(BackendError) in
      try launch.add(
        "spectral_products", in: file, definitions: sizes.definitions,
        arguments: [.array(output), .array(gradient), .memory(workspace), .ulong(sizes.count)],
        over: sizes.groups(sizes.elementParts))
      try launch.add(
        "spectral_total", in: file, definitions: sizes.definitions,
        arguments: [.memory(workspace), .uint(sizes.elementParts)], over: sizes.groups(1))
      try launch.add(
        "spectral_gradient", in: file, definitions: sizes.definitions,
        arguments: [
          .array(u), .array(v), .array(norm), .array(gradient), .memory(workspace), .uint(sizes.rows),
          .uint(sizes.columns),
        ], over: rows(channels: sizes.columns, pixels: sizes.rows))
    }
  }
}
