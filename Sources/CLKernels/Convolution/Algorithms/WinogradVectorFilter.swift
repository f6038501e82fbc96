import Runtime

/// convolution_winograd_vector_filter.cl: Winograd's algorithm for CPUs, a block of the transformed gradient that stays
/// in the second-level cache over all tiles.
struct WinogradVectorFilter: SplitFilter {
  /// Tiles of 4 × 4 pixels that are transformed at a time.
  var blockTiles = 16
  /// Channels of the image that a work-item sums up.
  var blockRows = 64
  /// Vectors of 16 channels of the map that a work-item sums up.
  var blockVectors = 4
  /// Channels of the image in the register tile.
  var tileRows = 8
  /// Vectors of 16 channels of the map in the register tile.
  var tileVectors = 2
  /// Parts of the tiles, so that enough groups run at a time.
  var splits = 1

  /// Parameters that are good on many CPUs; nil where Winograd's algorithm is impossible.
  init?(for problem: ConvolutionProblem, _ precision: Precision, on backend: CLBackend) {
    guard Winograd.fits(problem), Winograd.vectorsBuild(on: backend.device) else { return nil }
    if problem.n <= 16 { (blockRows, blockVectors, tileRows, tileVectors) = (32, 1, 16, 1) }
    // A map of 2 × 2 has a quarter of the transformed elements, so that a block has room for more.
    if Winograd.isMap2x2(problem.map.shape) { (blockTiles, blockRows) = (64, 2 * blockRows) }
    setSplits(for: problem)
  }

  /// Sets as many parts as are good with blocks of this size.
  private mutating func setSplits(for problem: ConvolutionProblem) {
    // A part of fewer tiles costs more in output transforms and in adding up than it gains; with more parts the sums
    // would be more than the tensors themselves.
    let tiles = Winograd.vectorTiles(of: problem.map.shape)
    let elements = problem.image.shape.count + problem.map.shape.count
    splits = max(1, min(32 / blocks(problem), tiles / 64, elements / problem.weights.shape.count))
  }

  /// Whether the map fills most of its tiles.
  static func isPreferred(for problem: ConvolutionProblem) -> Bool {
    Winograd.fits(problem) && Winograd.fillsTiles(problem.map.shape)
  }

  /// Register tiles and the blocks that they fill: those of 32 registers of 16 floats, then of 16 registers of 8.
  private static let tiles = [
    (8, 2, 64, 4), (16, 1, 32, 1), (8, 2, 32, 4), (8, 2, 32, 2), (4, 1, 64, 4), (2, 2, 32, 2),
  ]

  static func candidates(for problem: ConvolutionProblem, on backend: CLBackend) -> [WinogradVectorFilter] {
    guard let standard = WinogradVectorFilter(for: problem, backend.precision, on: backend) else { return [] }
    return [standard]
      + tiles.map { tileRows, tileVectors, blockRows, blockVectors in
        var copy = standard
        (copy.tileRows, copy.tileVectors) = (tileRows, tileVectors)
        (copy.blockRows, copy.blockVectors) = (blockRows, blockVectors)
        copy.setSplits(for: problem)
        return copy
      }
  }

  var kind: AlgorithmKind { .winogradVector }
  var accuracy: AlgorithmAccuracy { .winograd }
  var neighbours: [WinogradVectorFilter] {
    splitsNeighbours + scaling(\.blockTiles) + scaling(\.blockRows) + scaling(\.blockVectors)
  }
  var description: String {
    "winograd-vector \(tileRows)×\(tileVectors * 16) of \(blockRows)×\(blockVectors * 16), \(blockTiles) tiles"
      + splitsDescription
  }

  /// Blocks of image channels × map channels.
  private func blocks(_ problem: ConvolutionProblem) -> Int {
    ceilDivide(problem.image.shape.channels, blockRows) * ceilDivide(problem.n, blockVectors * 16)
  }

  func fits(_ problem: ConvolutionProblem, on backend: CLBackend) -> Bool {
    guard Winograd.vectorsBuild(on: backend.device), Winograd.fits(problem), 1...32 ~= tileRows, 1...8 ~= tileVectors,
      tileRows * tileVectors <= 64, 1...128 ~= blockTiles, 16...256 ~= blockRows, 1...16 ~= blockVectors,
      1...Winograd.vectorTiles(of: problem.map.shape) ~= splits
    else { return false }
    // The guards of convolution_winograd_vector_filter.cl.
    guard blockRows.isMultiple(of: 16), blockRows.isMultiple(of: tileRows), blockVectors.isMultiple(of: tileVectors)
    else { return false }
    return privateByteCount(problem) <= Winograd.largestPrivateByteCount
  }

  /// A work-item's transformed elements and sums, which are on its thread's stack.
  private func privateByteCount(_ problem: ConvolutionProblem) -> Int {
    let columns = blockVectors * 16
    let perElement = blockTiles * (blockRows + columns) + blockRows * columns
    return Winograd.vectorTransformedCount(of: problem.map.shape) * perElement * ElementType.float32.byteCount
  }

  func addParts(
    _ problem: ConvolutionProblem, into target: [KernelArgument], accumulate: KernelArgument, to launch: CLLaunch
  ) throws(BackendError) {
    let (image, map) = (problem.image, problem.map)
    try launch.add(
      "convolution_winograd_vector_filter", in: "convolution_winograd_vector_filter.cl",
      definitions: [
        "BLOCK_TILES": blockTiles, "BLOCK_ROWS": blockRows, "BLOCK_VECTORS": blockVectors, "TILE_ROWS": tileRows,
        "TILE_VECTORS": tileVectors, "MAP_2X2": Winograd.isMap2x2(map.shape),
      ],
      arguments: [.tensor(image), .int(image.shape.channels), .tensor(map), .int(map.shape.channels)] + target + [
        .int(map.shape.batch), .int(map.shape.height), .int(map.shape.width), accumulate,
      ],
      over: CLRange(groups: (blocks(problem), splits, 1), local: (1, 1, 1)))
  }
}
