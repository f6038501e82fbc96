import Runtime

/// convolution_vector.cl: one work-item per group, a register tile of pixels × vectors of the result's channels.
struct VectorData: ConvolutionAlgorithm {
  /// Pixels of the register tile.
  var tileRows: Int
  /// Vectors of 16 channels of the register tile.
  var tileVectors: Int
  /// Whether pixels are ordered position by position, the images of the batch innermost.
  var positionMajor: Bool

  /// Parameters that are good on many CPUs: a tile as wide as the result's channels allow without much waste.
  init(for problem: ConvolutionProblem) {
    let least = ceilDivide(problem.n, 16) * 16
    (tileRows, tileVectors) =
      [(6, 4), (12, 2)].first { _, vectors in
        let width = vectors * 16
        return ceilDivide(problem.n, width) * width * 4 <= least * 5
      } ?? (16, 1)
    positionMajor = problem.isBestPositionMajor
  }

  init(for problem: ConvolutionProblem, _ precision: Precision, on backend: CLBackend) { self.init(for: problem) }

  /// Register tiles that fill 32 registers of 16 floats, then those for 16 registers of 8.
  private static let tiles = [(6, 4), (8, 3), (12, 2), (14, 2), (16, 1), (24, 1), (3, 2), (6, 1)]

  static func candidates(for problem: ConvolutionProblem, on backend: CLBackend) -> [VectorData] {
    let standard = VectorData(for: problem)
    return [standard]
      + tiles.map { rows, vectors in
        var copy = standard
        (copy.tileRows, copy.tileVectors) = (rows, vectors)
        return copy
      }
  }

  var kind: AlgorithmKind { .vector }
  var neighbours: [VectorData] {
    stepping(\.tileRows, by: [-2, -1, 1, 2]) + stepping(\.tileVectors) + varying(\.positionMajor, [!positionMajor])
  }
  var description: String { "vector \(tileRows)×\(tileColumns)" + (positionMajor ? ", position-major" : "") }

  private var tileColumns: Int { tileVectors * 16 }
  private func blocks(_ problem: ConvolutionProblem) -> Int { ceilDivide(problem.n, tileColumns) }

  func fits(_ problem: ConvolutionProblem, on backend: CLBackend) -> Bool {
    1...32 ~= tileRows && 1...8 ~= tileVectors && tileRows * tileVectors <= 64
  }

  func workspaceByteCount(for problem: ConvolutionProblem) -> Int {
    (blocks(problem) * problem.k * tileColumns + problem.source.shape.channels) * ElementType.float32.byteCount
  }

  func add(_ problem: ConvolutionProblem, to launch: CLLaunch, workspace: CLMemory?) throws(BackendError) {
    guard let packed = workspace else { return }
    let definitions: KeyValuePairs<String, any KernelConstant> = ["TILE_ROWS": tileRows, "TILE_VECTORS": tileVectors]
    let (channels, taps) = (problem.source.shape.channels, problem.geometry.taps)
    try launch.add(
      "convolution_vector_pack", in: "convolution_vector_pack.cl",
      arguments: [
        .tensor(problem.weights), .memory(packed), .int(taps), .int(channels), .int(problem.n),
        .int(problem.readsWeightsTransposed ? 1 : 0), .int(tileVectors),
      ],
      over: CLRange(groups: (ceilDivide(channels, 16), blocks(problem), taps), local: (1, 1, 1)))
    try launch.add(
      "convolution_vector_data", in: "convolution_vector.cl", definitions: definitions,
      arguments: problem.sourceArguments + [.memory(packed)] + problem.biasArguments
        + [.tensor(problem.result)] + problem.extents(positionMajor: positionMajor),
      over: CLRange(
        groups: (ceilDivide(problem.m, tileRows), blocks(problem), problem.phases * problem.phases),
        local: (1, 1, 1)))
  }
}
