import Runtime

/// convolution_winograd_vector.cl: Winograd's algorithm for CPUs, a block of tiles that goes from the source to the
/// result in the second-level cache.
struct WinogradVectorData: ConvolutionAlgorithm {
  /// Tiles of 4 × 4 pixels that a work-item computes.
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

  /// Parameters that are good on many CPUs; nil where Winograd's algorithm is impossible.
  init?(for problem: ConvolutionProblem, _ precision: Precision, on backend: CLBackend) {
    guard Winograd.fits(problem), Winograd.vectorsBuild(on: backend.device) else { return nil }
    let shape = problem.result.shape
    let vectors = ceilDivide(problem.n, 16)
    panelVectors = [4, 2].first { ceilDivide(vectors, $0) * $0 * 4 <= vectors * 5 } ?? 1
    (tileRows, tileVectors) = panelVectors == 1 ? (16, 1) : (8, 2)
    // The transform of the weights takes the time of about six tiles' products. With few tiles, it costs as much to
    // write its results to memory, four times as many as there are weights.
    weightsFirst = Winograd.vectorTiles(of: shape) >= 512
    (blockTiles, blockChannels) = Self.block(weightsFirst: weightsFirst)
    // A map of 2 × 2 has a quarter of the transformed elements, so that a block has room for more.
    if Winograd.isMap2x2(shape), !weightsFirst { (blockTiles, blockChannels) = (64, 32) }
    // Every core should have work. How tiles and channels are shared out changes no sum.
    while groups(problem).tiles * groups(problem).panels < 2 * backend.device.computeUnits {
      if panelVectors > tileVectors {
        panelVectors /= 2
      } else if blockTiles > 16 {
        blockTiles /= 2
      } else {
        break
      }
    }
  }

  private static func block(weightsFirst: Bool) -> (tiles: Int, channels: Int) { weightsFirst ? (16, 64) : (32, 16) }

  /// Whether the source's and the result's channels fill most of a vector, and the map most of its tiles.
  static func isPreferred(for problem: ConvolutionProblem) -> Bool {
    Winograd.fits(problem) && min(problem.source.shape.channels, problem.n) >= 8
      && Winograd.fillsTiles(problem.result.shape)
  }

  /// Register tiles for 32 registers of 16 floats, then for 16 registers of 8.
  private static let tiles = [(16, 1), (8, 2), (4, 4), (4, 1), (2, 2)]

  /// The register tiles, with weights transformed by a kernel of its own and by each work-item.
  static func candidates(for problem: ConvolutionProblem, on backend: CLBackend) -> [WinogradVectorData] {
    guard let standard = WinogradVectorData(for: problem, backend.precision, on: backend) else { return [] }
    var other = standard
    other.weightsFirst.toggle()
    (other.blockTiles, other.blockChannels) = block(weightsFirst: other.weightsFirst)
    return [standard, other]
      + tiles.map { rows, vectors in
        var copy = standard
        (copy.tileRows, copy.tileVectors) = (rows, vectors)
        copy.panelVectors = max(copy.panelVectors, vectors)
        return copy
      }
  }

  var kind: AlgorithmKind { .winogradVector }
  var accuracy: AlgorithmAccuracy { .winograd }
  var neighbours: [WinogradVectorData] { scaling(\.blockTiles) + scaling(\.blockChannels) + scaling(\.panelVectors) }
  var description: String {
    "winograd-vector \(tileRows)×\(tileVectors * 16) of \(blockTiles)×\(panel), \(blockChannels) channels"
      + (weightsFirst ? ", weights first" : "")
  }

  private var panel: Int { panelVectors * 16 }
  /// Vectors that the kernel has room for: the same for the panels that are used most, as each number is a program.
  private var panelCapacity: Int { ceilDivide(max(panelVectors, 4), tileVectors) * tileVectors }
  private func panels(_ problem: ConvolutionProblem) -> Int { ceilDivide(problem.n, panel) }
  private func channelBlocks(_ problem: ConvolutionProblem) -> Int {
    ceilDivide(problem.source.shape.channels, blockChannels)
  }
  private func groups(_ problem: ConvolutionProblem) -> (tiles: Int, panels: Int) {
    (ceilDivide(Winograd.vectorTiles(of: problem.result.shape), blockTiles), panels(problem))
  }

  func fits(_ problem: ConvolutionProblem, on backend: CLBackend) -> Bool {
    guard Winograd.vectorsBuild(on: backend.device), Winograd.fits(problem), 1...32 ~= tileRows,
      1...8 ~= tileVectors, tileRows * tileVectors <= 64,
      1...128 ~= blockTiles, 16...256 ~= blockChannels, 1...16 ~= panelVectors
    else { return false }
    // The guards of convolution_winograd_vector.cl.
    guard blockTiles.isMultiple(of: tileRows), blockChannels.isMultiple(of: 16),
      panelVectors.isMultiple(of: tileVectors)
    else { return false }
    return privateByteCount(problem) <= Winograd.largestPrivateByteCount
  }

  /// A work-item's transformed elements, which are on its thread's stack.
  private func privateByteCount(_ problem: ConvolutionProblem) -> Int {
    let width = panelCapacity * 16
    let perElement = blockTiles * (blockChannels + width) + (weightsFirst ? 0 : blockChannels * width)
    return Winograd.vectorTransformedCount(of: problem.result.shape) * perElement * ElementType.float32.byteCount
  }

  func workspaceByteCount(for problem: ConvolutionProblem) -> Int {
    guard weightsFirst else { return 0 }
    // Every block of channels has gaps of 16 floats between the elements of the transform domain.
    let perElement = problem.source.shape.channels * panel + 16 * channelBlocks(problem)
    let panelCount = Winograd.vectorTransformedCount(of: problem.result.shape) * perElement
    return panels(problem) * panelCount * ElementType.float32.byteCount
  }

  func add(_ problem: ConvolutionProblem, to launch: CLLaunch, workspace: CLMemory?) throws(BackendError) {
    let (result, channels) = (problem.result, problem.source.shape.channels)
    let file = "convolution_winograd_vector.cl"
    let definitions: KeyValuePairs<String, any KernelConstant> = [
      "BLOCK_TILES": blockTiles, "BLOCK_CHANNELS": blockChannels, "PANEL_VECTORS": panelCapacity,
      "TILE_ROWS": tileRows, "TILE_VECTORS": tileVectors, "READS_TRANSFORMED_WEIGHTS": weightsFirst,
      "MAP_2X2": Winograd.isMap2x2(result.shape),
    ]
    let order: [KernelArgument] = [
      .int(problem.readsWeightsTransposed ? 1 : 0), .int(problem.target == .image ? 1 : 0),
    ]
    var weights: [KernelArgument] = [.tensor(problem.weights)]
    if weightsFirst {
      guard let transformed = workspace else { return }
      try launch.add(
        "convolution_winograd_vector_weights", in: file, definitions: definitions,
        arguments: [.tensor(problem.weights), .memory(transformed), .int(channels), .int(problem.n)] + order,
        over: CLRange(groups: (channelBlocks(problem), panels(problem), panelVectors), local: (1, 1, 1)))
      weights = [.memory(transformed), .ulong(0), .ulong(0)]
    }
    let groups = groups(problem)
    try launch.add(
      "convolution_winograd_vector_data", in: file, definitions: definitions,
      arguments: [.tensor(problem.source)] + weights + order + problem.biasArguments + [
        .tensor(result), .int(result.shape.batch), .int(result.shape.height), .int(result.shape.width),
        .int(channels), .int(problem.n), .int(panelVectors),
      ],
      over: CLRange(groups: (groups.tiles, groups.panels, 1), local: (1, 1, 1)))
  }
}
