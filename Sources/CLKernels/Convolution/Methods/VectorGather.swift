import Runtime

/// The sizes of convolution_vector.cl: one work-item per group, a register tile of pixels × vectors of output channels.
public struct VectorGather: Codable, Hashable, Sendable {
  /// Pixels of the register tile.
  public var tileRows: Int
  /// Vectors of 16 output channels of the register tile.
  public var tileVectors: Int
  /// Whether rows are ordered position by position, the images of the batch innermost.
  public var positionMajor: Bool

  /// What is good on many CPUs: a tile as wide as the output's channels allow without much waste.
  init(for gather: ConvolutionGather) {
    let least = ceilDivide(gather.columns, 16) * 16
    (tileRows, tileVectors) =
      [(6, 4), (12, 2)].first { _, vectors in
        let width = vectors * 16
        return ceilDivide(gather.columns, width) * width * 4 <= least * 5
      } ?? (16, 1)
    positionMajor = gather.isBestPositionMajor
  }

  private var tileColumns: Int { tileVectors * 16 }
  private func blocks(_ gather: ConvolutionGather) -> Int { ceilDivide(gather.columns, tileColumns) }
}

extension VectorGather: GatherImplementation {
  /// Register tiles that fill 32 registers of 16 floats, then those for 16 registers of 8.
  static func candidates(for gather: ConvolutionGather) -> [VectorGather] {
    let standard = VectorGather(for: gather)
    let tiles = [(6, 4), (8, 3), (12, 2), (14, 2), (16, 1), (24, 1), (3, 2), (6, 1)]
    return [standard]
      + tiles.map { rows, vectors in
        var copy = standard
        (copy.tileRows, copy.tileVectors) = (rows, vectors)
        return copy
      }
  }

  var neighbours: [VectorGather] {
    var all: [VectorGather] = []
    for rows in [tileRows - 2, tileRows - 1, tileRows + 1, tileRows + 2] {
      var copy = self
      copy.tileRows = rows
      all.append(copy)
    }
    for vectors in [tileVectors - 1, tileVectors + 1] {
      var copy = self
      copy.tileVectors = vectors
      all.append(copy)
    }
    var turned = self
    turned.positionMajor.toggle()
    return all + [turned]
  }

  public var description: String {
    "vector \(tileRows)×\(tileColumns)" + (positionMajor ? ", position-major" : "")
  }

  func isUsable(for gather: ConvolutionGather, on backend: CLBackend) -> Bool {
    1...32 ~= tileRows && 1...8 ~= tileVectors && tileRows * tileVectors <= 64
      && workspaceByteCount(for: gather) <= backend.maximumAllocationByteCount
  }

  func workspaceByteCount(for gather: ConvolutionGather) -> Int {
    let packed = blocks(gather) * gather.geometry.taps * gather.channels * tileColumns
    return (packed + gather.channels) * ElementType.float32.byteCount
  }

  func add(_ gather: ConvolutionGather, to launch: CLLaunch, on backend: CLBackend, workspace: CLMemory?)
    throws(BackendError)
  {
    guard let packed = workspace else { return }
    let definitions: KeyValuePairs<String, any KernelConstant> = ["TILE_ROWS": tileRows, "TILE_VECTORS": tileVectors]
    let (input, output, taps) = (gather.input, gather.output, gather.geometry.taps)
    try launch.add(
      "convolution_vector_pack", in: "convolution_vector.cl", definitions: definitions,
      arguments: [
        .tensor(gather.weights), .memory(packed), .int(taps), .int(gather.channels), .int(gather.columns),
        .int(gather.readsWeightsTransposed ? 1 : 0),
      ],
      over: CLRange(groups: (ceilDivide(gather.channels, 16), blocks(gather), taps), local: (1, 1, 1)))
    try launch.add(
      "convolution_vector_data", in: "convolution_vector.cl", definitions: definitions,
      arguments: [.tensor(input), .int(input.shape.height), .int(input.shape.width), .memory(packed)]
        + (try gather.biasArguments(gather.bias, backend))
        + [.tensor(output)] + gather.extents(positionMajor: positionMajor),
      over: CLRange(
        groups: (ceilDivide(gather.rows, tileRows), blocks(gather), gather.phases * gather.phases),
        local: (1, 1, 1)))
  }
}
