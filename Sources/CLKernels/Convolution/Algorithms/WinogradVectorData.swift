import Runtime

/// convolution_winograd_vector.cl: Winograd's algorithm for CPUs, a block of tiles that goes from the source to the
/// result in the second-level cache.
struct WinogradVectorData: ConvolutionAlgorithm {
  /// Tiles that a work-item computes.
  var blockTiles: Int
  /// Channels of the source that are input-transformed at a time.
  var blockChannels: Int
  /// Vectors of 16 channels of the result that a work-item computes.
  var panelVectors: Int
  /// Tiles of the register tile.
  var tileRows: Int
  /// Vectors of 16 channels of the register tile.
  var tileVectors: Int
  /// Whether a kernel of its own transforms the weights, once for all blocks, or every work-item does so.
  var weightsFirst: Bool
  /// The same for the source's tiles.
  @OmittedWhenFalse var inputFirst

  /// Parameters that are good on many CPUs; nil where Winograd's algorithm is impossible.
  init?(for problem: ConvolutionProblem, _ precision: Precision, on backend: CLBackend) {
    guard let tile = WinogradVectorTile(for: problem), Winograd.vectorsBuild(on: backend.device) else { return nil }
    let tiles = tile.count(of: problem.map.shape)
    // The transform of the weights takes the time of about six tiles' products. With few tiles, it costs as much to
    // write its results to memory, four times as many as there are weights.
    weightsFirst = tiles >= 256 && tiles * 2 > problem.n
    let vectors = ceilDivide(problem.n, 16)
    // A wide panel shares the transform of the input, where there is room for one.
    let widths = weightsFirst && tile == .side4 ? [8, 4, 2] : [4, 2]
    panelVectors = widths.first { ceilDivide(vectors, $0) * $0 * 4 <= vectors * 5 } ?? 1
    (tileRows, tileVectors) = panelVectors == 1 ? (16, 1) : (8, 2)
    (blockTiles, blockChannels) = Self.block(tile, weightsFirst: weightsFirst, panelVectors: panelVectors)
    // Each panel would transform the input again. With stride 2 the transformed input is more than twice as large, and
    // writing it took longer than it saved.
    inputFirst = !weightsFirst && tile == .side4 && vectors >= 4 * panelVectors
    if inputFirst { (blockTiles, blockChannels) = (64, 32) }
    // Every core should have work. How tiles and channels are shared out changes no sum.
    while groups(problem, tile).tiles * groups(problem, tile).panels < 2 * backend.device.computeUnits {
      if panelVectors > tileVectors {
        panelVectors /= 2
      } else if blockTiles > 16 {
        blockTiles /= 2
      } else {
        break
      }
    }
  }

  /// Returns the tiles and channels of a block for which the second-level cache has room, beside the panel's weights
  /// where they are transformed by each work-item.
  private static func block(_ tile: WinogradVectorTile, weightsFirst: Bool, panelVectors: Int)
    -> (tiles: Int, channels: Int)
  {
    switch tile {
    case .side4 where weightsFirst: (panelVectors > 4 ? 32 : 16, 64)
    case .side4: (32, 16)
    case .map2x2: weightsFirst ? (16, 64) : (64, 32)
    case .stride2ToImage, .stride2ToMap: (16, weightsFirst ? 64 : 32)
    }
  }

  /// Whether the source's and the result's channels fill most of a vector, and the map most of its tiles.
  static func isPreferred(for problem: ConvolutionProblem) -> Bool {
    guard let tile = WinogradVectorTile(for: problem) else { return false }
    return min(problem.source.shape.channels, problem.n) >= 8 && tile.isFilled(problem.map.shape)
  }

  /// Register tiles for 32 registers of 16 floats, then for 16 registers of 8.
  private static let tiles = [(16, 1), (8, 2), (4, 4), (4, 1), (2, 2)]

  /// The register tiles, with weights transformed by a kernel of its own and by each work-item.
  static func candidates(for problem: ConvolutionProblem, on backend: CLBackend) -> [WinogradVectorData] {
    guard let tile = WinogradVectorTile(for: problem),
      let standard = WinogradVectorData(for: problem, backend.precision, on: backend)
    else { return [] }
    var other = standard
    other.weightsFirst.toggle()
    (other.blockTiles, other.blockChannels) = block(
      tile, weightsFirst: other.weightsFirst, panelVectors: other.panelVectors)
    return [standard, other]
      + [standard, other].flatMap { $0.varying(\.inputFirst, [!$0.inputFirst]) }
      + tiles.map { rows, vectors in
        var copy = standard
        (copy.tileRows, copy.tileVectors) = (rows, vectors)
        copy.panelVectors = max(copy.panelVectors, vectors)
        return copy
      }
  }

  var kind: AlgorithmKind { .winogradVector }
  var accuracy: AlgorithmAccuracy { .winograd }
  var neighbours: [WinogradVectorData] {
    scaling(\.blockTiles) + scaling(\.blockChannels) + scaling(\.panelVectors)
      + varying(\.weightsFirst, [!weightsFirst]) + varying(\.inputFirst, [!inputFirst])
  }
  var description: String {
    "winograd-vector \(tileRows)×\(tileVectors * 16) of \(blockTiles)×\(panel), \(blockChannels) channels"
      + (weightsFirst ? ", weights first" : "") + (inputFirst ? ", input first" : "")
  }

  private var panel: Int { panelVectors * 16 }
  /// Vectors that the kernel has room for: the same for the panels that are used most, as each number is a program.
  private var panelCapacity: Int { ceilDivide(max(panelVectors, 4), tileVectors) * tileVectors }
  private func panels(_ problem: ConvolutionProblem) -> Int { ceilDivide(problem.n, panel) }
  private func channelBlocks(_ problem: ConvolutionProblem) -> Int {
    ceilDivide(problem.source.shape.channels, blockChannels)
  }
  private func groups(_ problem: ConvolutionProblem, _ tile: WinogradVectorTile) -> (tiles: Int, panels: Int) {
    (ceilDivide(tile.count(of: problem.map.shape), blockTiles), panels(problem))
  }

  func fits(_ problem: ConvolutionProblem, on backend: CLBackend) -> Bool {
    guard let tile = WinogradVectorTile(for: problem), Winograd.vectorsBuild(on: backend.device),
      1...32 ~= tileRows, 1...8 ~= tileVectors, tileRows * tileVectors <= 64, 1...128 ~= blockTiles,
      16...256 ~= blockChannels, 1...16 ~= panelVectors
    else { return false }
    // The guards of convolution_winograd_vector.cl.
    guard blockTiles.isMultiple(of: tileRows), blockChannels.isMultiple(of: 16),
      panelVectors.isMultiple(of: tileVectors)
    else { return false }
    return privateByteCount(tile) <= Winograd.largestPrivateByteCount
  }

  /// A work-item's transformed elements, which are on its thread's stack.
  private func privateByteCount(_ tile: WinogradVectorTile) -> Int {
    let width = panelCapacity * 16
    let perElement = blockTiles * (width + (inputFirst ? 0 : blockChannels))
    let perWeightElement = weightsFirst ? 0 : blockChannels * width
    let floats = tile.elementCount * perElement + tile.weightElementCount * perWeightElement
    return floats * ElementType.float32.byteCount
  }

  /// Floats of the transformed weights, `[panels][blocks of channels][elements][channels][panel]`, where every block of
  /// channels has gaps of 16 floats between the elements of the transform domain.
  private func weightsCount(_ problem: ConvolutionProblem, _ tile: WinogradVectorTile) -> Int {
    guard weightsFirst else { return 0 }
    let perElement = problem.source.shape.channels * panel + 16 * channelBlocks(problem)
    return panels(problem) * tile.weightElementCount * perElement
  }

  /// Floats of the transformed tiles, `[blocks of channels][elements][tiles][channels]` with the same gaps.
  private func inputCount(_ problem: ConvolutionProblem, _ tile: WinogradVectorTile) -> Int {
    guard inputFirst else { return 0 }
    let tiles = inputTiles(problem, tile) * tileRows
    return channelBlocks(problem) * tile.elementCount * (tiles * blockChannels + 16)
  }
  /// Register tiles of the tiles.
  private func inputTiles(_ problem: ConvolutionProblem, _ tile: WinogradVectorTile) -> Int {
    ceilDivide(tile.count(of: problem.map.shape), tileRows)
  }

  func workspaceByteCount(for problem: ConvolutionProblem) -> Int {
    guard let tile = WinogradVectorTile(for: problem) else { return 0 }
    return (weightsCount(problem, tile) + inputCount(problem, tile)) * ElementType.float32.byteCount
  }

  func add(_ problem: ConvolutionProblem, to launch: CLLaunch, workspace: CLMemory?) throws(BackendError) {
    guard let tile = WinogradVectorTile(for: problem) else { return }
    let file = "convolution_winograd_vector.cl"
    let definitions: KeyValuePairs<String, any KernelConstant> = [
      "BLOCK_TILES": blockTiles, "BLOCK_CHANNELS": blockChannels, "PANEL_VECTORS": panelCapacity,
      "TILE_ROWS": tileRows, "TILE_VECTORS": tileVectors, "READS_TRANSFORMED_WEIGHTS": weightsFirst,
      "READS_TRANSFORMED_INPUT": inputFirst, "MAP_2X2": tile == .map2x2,
      "STRIDE_2_TO_IMAGE": tile == .stride2ToImage, "STRIDE_2_TO_MAP": tile == .stride2ToMap,
    ]
    let (image, map, channels) = (problem.image.shape, problem.map.shape, problem.source.shape.channels)
    let extents: [KernelArgument] = [
      .int(map.batch), .int(map.height), .int(map.width), .int(image.height), .int(image.width), .int(channels),
    ]
    let order: [KernelArgument] = [
      .int(problem.readsWeightsTransposed ? 1 : 0), .int(problem.target == .image ? 1 : 0),
    ]
    var (input, weights): ([KernelArgument], [KernelArgument]) = ([.tensor(problem.source)], [.tensor(problem.weights)])
    if weightsFirst {
      guard let workspace else { return }
      try launch.add(
        "convolution_winograd_vector_weights", in: file, definitions: definitions,
        arguments: weights + [.memory(workspace), .int(channels), .int(problem.n)] + order,
        over: CLRange(groups: (channelBlocks(problem), panels(problem), panelVectors), local: (1, 1, 1)))
      weights = [.memory(workspace), .ulong(0), .ulong(0)]
    }
    if inputFirst {
      guard let workspace else { return }
      let transformed: [KernelArgument] = [.memory(workspace), .ulong(weightsCount(problem, tile))]
      try launch.add(
        "convolution_winograd_vector_input", in: file, definitions: definitions,
        arguments: input + transformed + extents,
        over: CLRange(groups: (inputTiles(problem, tile), channelBlocks(problem), 1), local: (1, 1, 1)))
      input = transformed + [.ulong(0)]
    }
    let groups = groups(problem, tile)
    try launch.add(
      "convolution_winograd_vector_data", in: file, definitions: definitions,
      arguments: input + weights + order + problem.biasArguments + [.tensor(problem.result)] + extents + [
        .int(problem.n), .int(panelVectors),
      ],
      over: CLRange(groups: (groups.tiles, groups.panels, 1), local: (1, 1, 1)))
  }
}
