import Runtime

/// convolution_winograd_vector_filter.cl: Winograd's algorithm for CPUs, a block of the transformed gradient that stays
/// in the second-level cache over all tiles.
struct WinogradVectorFilter: SplitFilter {
  /// Tiles that are transformed at a time.
  var blockTiles = 16
  /// Input channels that a work-item sums up.
  var blockRows = 64
  /// Vectors of 16 output channels that a work-item sums up.
  var blockVectors = 4
  /// Input channels of the register tile.
  var tileRows = 8
  /// Vectors of 16 output channels of the register tile.
  var tileVectors = 2
  /// Parts of the tiles, so that enough groups run at a time.
  var splits = 1

  /// Parameters that are good on many CPUs; nil where Winograd's algorithm is impossible.
  init?(for problem: ConvolutionProblem, _ precision: Precision, on backend: CLBackend) {
    guard let tile = WinogradVectorTile(for: problem), Winograd.vectorsBuild(on: backend.device) else { return nil }
    if problem.outputSide.shape.channels <= 16 { (blockRows, blockVectors, tileRows, tileVectors) = (32, 1, 16, 1) }
    // A map of 2 × 2 has a quarter of the transformed elements, so that a block has room for more.
    if tile == .map2x2 { (blockTiles, blockRows) = (64, 2 * blockRows) }
    // The elements of stride 2 are more than twice as many.
    if tile == .stride2ToImage { blockTiles = 8 }
    setSplits(for: problem, tile)
  }

  /// Sets as many parts as are good with blocks of this size.
  private mutating func setSplits(for problem: ConvolutionProblem, _ tile: WinogradVectorTile) {
    // A part of fewer tiles costs more in output transforms and in adding up than it gains; with more parts the sums
    // would be more than the tensors themselves.
    let tiles = tile.count(of: problem.map.shape)
    let elements = problem.image.shape.count + problem.map.shape.count
    splits = max(1, min(32 / blocks(problem), tiles / 64, elements / problem.weights.shape.count))
  }

  /// Whether the map fills most of its tiles.
  static func isPreferred(for problem: ConvolutionProblem) -> Bool {
    WinogradVectorTile(for: problem)?.isFilled(problem.map.shape) ?? false
  }

  /// Register tiles and the blocks that they fill: those of 32 registers of 16 floats, then of 16 registers of 8.
  private static let tiles = [
    (8, 2, 64, 4), (16, 1, 32, 1), (8, 2, 32, 4), (8, 2, 32, 2), (4, 1, 64, 4), (2, 2, 32, 2),
  ]

  static func candidates(for problem: ConvolutionProblem, on backend: CLBackend) -> [WinogradVectorFilter] {
    guard let tile = WinogradVectorTile(for: problem),
      let standard = WinogradVectorFilter(for: problem, backend.precision, on: backend)
    else { return [] }
    return [standard]
      + tiles.map { tileRows, tileVectors, blockRows, blockVectors in
        var copy = standard
        (copy.tileRows, copy.tileVectors) = (tileRows, tileVectors)
        (copy.blockRows, copy.blockVectors) = (blockRows, blockVectors)
        copy.setSplits(for: problem, tile)
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

  /// Blocks of input × output channels.
  private func blocks(_ problem: ConvolutionProblem) -> Int {
    ceilDivide(problem.inputSide.shape.channels, blockRows)
      * ceilDivide(problem.outputSide.shape.channels, blockVectors * 16)
  }

  func fits(_ problem: ConvolutionProblem, on backend: CLBackend) -> Bool {
    guard let tile = WinogradVectorTile(for: problem), Winograd.vectorsBuild(on: backend.device),
      1...32 ~= tileRows, 1...8 ~= tileVectors, tileRows * tileVectors <= 64, 1...128 ~= blockTiles,
      16...256 ~= blockRows, 1...16 ~= blockVectors,
      1...tile.count(of: problem.map.shape) ~= splits
    else { return false }
    // The guards of convolution_winograd_vector_filter.cl.
    guard blockRows.isMultiple(of: 16), blockRows.isMultiple(of: tileRows), blockVectors.isMultiple(of: tileVectors)
    else { return false }
    return privateByteCount(tile) <= Winograd.largestPrivateByteCount
  }

  /// A work-item's transformed elements and sums, which are on its thread's stack.
  private func privateByteCount(_ tile: WinogradVectorTile) -> Int {
    let columns = blockVectors * 16
    let floats =
      tile.elementCount * blockTiles * (blockRows + columns) + tile.weightElementCount * blockRows * columns
    return floats * ElementType.float32.byteCount
  }

  func addParts(
    _ problem: ConvolutionProblem, into target: [KernelArgument], accumulate: KernelArgument, to launch: CLLaunch
  ) throws(BackendError) {
    guard let tile = WinogradVectorTile(for: problem) else { return }
    let (input, output, image, map) = (
      problem.inputSide, problem.outputSide, problem.image.shape, problem.map.shape
    )
    try launch.add(
      "convolution_winograd_vector_filter", in: "convolution_winograd_vector_filter.cl",
      definitions: [
        "BLOCK_TILES": blockTiles, "BLOCK_ROWS": blockRows, "BLOCK_VECTORS": blockVectors, "TILE_ROWS": tileRows,
        "TILE_VECTORS": tileVectors, "MAP_2X2": tile == .map2x2, "STRIDE_2_TO_IMAGE": tile == .stride2ToImage,
      ],
      arguments: [.tensor(input), .int(input.shape.channels), .tensor(output), .int(output.shape.channels)] + target + [
        .int(map.batch), .int(map.height), .int(map.width), .int(image.height), .int(image.width), accumulate,
      ],
      over: CLRange(groups: (blocks(problem), splits, 1), local: (1, 1, 1)))
  }
}
