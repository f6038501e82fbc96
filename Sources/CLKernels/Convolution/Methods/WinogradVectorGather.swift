import Runtime

/// The sizes of convolution_winograd_vector.cl: minimal filtering of 3 × 3 kernels for CPUs, a block of tiles that goes from
/// the input to the output in the second-level cache.
public struct WinogradVectorGather: Codable, Hashable, Sendable {
  /// Tiles of 4 × 4 pixels that a work-item computes.
  public var blockTiles: Int
  /// Channels that are brought to their points at a time.
  public var blockChannels: Int
  /// Vectors of 16 output channels that a work-item computes.
  public var panelVectors: Int
  /// Tiles of the register tile.
  public var tileRows: Int
  /// Vectors of 16 output channels of the register tile.
  public var tileVectors: Int
  /// Whether a kernel of its own brings the weights to their points, once for all blocks, or every work-item does so.
  public var weightsFirst: Bool

  /// What is good on many CPUs with so many cores; nil for other kernels than 3 × 3 with a stride and a padding of 1.
  init?(for gather: ConvolutionGather, cores: Int) {
    guard Winograd.fits(gather.geometry) else { return nil }
    let vectors = ceilDivide(gather.columns, 16)
    panelVectors = [4, 2].first { ceilDivide(vectors, $0) * $0 * 4 <= vectors * 5 } ?? 1
    (tileRows, tileVectors) = panelVectors == 1 ? (16, 1) : (8, 2)
    // The transform of the weights takes the time of about six tiles' products. With few tiles, memory is what it costs to
    // write the points, four times as many as there are weights.
    weightsFirst = Winograd.vectorTiles(of: gather.output.shape) >= 512
    (blockTiles, blockChannels) = weightsFirst ? (16, 64) : (32, 16)
    // A map of 2 × 2 has a quarter of the points, so that a block has room for more.
    if Winograd.isMap2x2(gather.output.shape), !weightsFirst { (blockTiles, blockChannels) = (64, 32) }
    // Every core should have work. How the tiles and the columns are shared out changes no sum.
    while groups(gather).tiles * groups(gather).panels < 2 * cores {
      if panelVectors > tileVectors {
        panelVectors /= 2
      } else if blockTiles > 16 {
        blockTiles /= 2
      } else {
        break
      }
    }
  }

  /// Whether it is faster than shifted products: where the input's channels fill most of a vector, and the map most of its
  /// tiles.
  static func pays(for gather: ConvolutionGather) -> Bool {
    Winograd.fits(gather.geometry) && gather.channels >= 8 && gather.columns >= 8
      && Winograd.fillsTiles(gather.output.shape)
  }

  private var panel: Int { panelVectors * 16 }
  private func groups(_ gather: ConvolutionGather) -> (tiles: Int, panels: Int) {
    (ceilDivide(Winograd.vectorTiles(of: gather.output.shape), blockTiles), panels(gather))
  }
  private func panels(_ gather: ConvolutionGather) -> Int { ceilDivide(gather.columns, panel) }
  private func channelBlocks(_ gather: ConvolutionGather) -> Int { ceilDivide(gather.channels, blockChannels) }
}

extension WinogradVectorGather: GatherImplementation {
  var accuracy: MethodAccuracy { .winograd }

  /// Both ways to transform the weights, with register tiles for 32 registers of 16 floats, then for 16 registers of 8.
  static func candidates(for gather: ConvolutionGather, cores: Int) -> [WinogradVectorGather] {
    guard let standard = WinogradVectorGather(for: gather, cores: cores) else { return [] }
    var other = standard
    other.weightsFirst.toggle()
    (other.blockTiles, other.blockChannels) = other.weightsFirst ? (16, 64) : (32, 16)
    return [standard, other]
      + [(16, 1), (8, 2), (4, 4), (4, 1), (2, 2)].map { rows, vectors in
        var copy = standard
        (copy.tileRows, copy.tileVectors) = (rows, vectors)
        copy.panelVectors = max(copy.panelVectors, vectors)
        return copy
      }
  }

  var neighbours: [WinogradVectorGather] {
    func changed(_ size: WritableKeyPath<WinogradVectorGather, Int>, _ values: [Int]) -> [WinogradVectorGather] {
      values.map { value in
        var copy = self
        copy[keyPath: size] = value
        return copy
      }
    }
    return changed(\.blockTiles, [blockTiles / 2, blockTiles * 2])
      + changed(\.blockChannels, [blockChannels / 2, blockChannels * 2])
      + changed(\.panelVectors, [panelVectors / 2, panelVectors * 2])
  }

  public var description: String {
    "winograd-vector \(tileRows)×\(tileVectors * 16) of \(blockTiles)×\(panel), \(blockChannels) channels"
      + (weightsFirst ? ", weights first" : "")
  }

  func isUsable(for gather: ConvolutionGather, on backend: CLBackend) -> Bool {
    guard Winograd.vectorsBuild(on: backend.device), Winograd.fits(gather.geometry), 1...32 ~= tileRows,
      1...8 ~= tileVectors, tileRows * tileVectors <= 64,
      1...128 ~= blockTiles, 16...256 ~= blockChannels, 1...16 ~= panelVectors
    else { return false }
    // The guards of convolution_winograd_vector.cl.
    guard blockTiles.isMultiple(of: tileRows), blockChannels.isMultiple(of: 16),
      panelVectors.isMultiple(of: tileVectors)
    else { return false }
    return privateByteCount(gather) <= Winograd.largestPrivateByteCount
      && workspaceByteCount(for: gather) <= backend.maximumAllocationByteCount
  }

  /// A work-item's points, which are on its thread's stack.
  private func privateByteCount(_ gather: ConvolutionGather) -> Int {
    let perPoint = blockTiles * (blockChannels + panel) + (weightsFirst ? 0 : blockChannels * panel)
    return Winograd.vectorPoints(of: gather.output.shape) * perPoint * ElementType.float32.byteCount
  }

  func workspaceByteCount(for gather: ConvolutionGather) -> Int {
    guard weightsFirst else { return 0 }
    // Every block of channels has gaps of 16 floats between its points.
    let panelCount =
      Winograd.vectorPoints(of: gather.output.shape) * (gather.channels * panel + 16 * channelBlocks(gather))
    return panels(gather) * panelCount * ElementType.float32.byteCount
  }

  func add(_ gather: ConvolutionGather, to launch: CLLaunch, on backend: CLBackend, workspace: CLMemory?)
    throws(BackendError)
  {
    let (input, output) = (gather.input, gather.output)
    let file = "convolution_winograd_vector.cl"
    let definitions: KeyValuePairs<String, any KernelConstant> = [
      "BLOCK_TILES": blockTiles, "BLOCK_CHANNELS": blockChannels, "PANEL_VECTORS": panelVectors,
      "TILE_ROWS": tileRows, "TILE_VECTORS": tileVectors, "READS_TRANSFORMED_WEIGHTS": weightsFirst,
      "MAP_2X2": Winograd.isMap2x2(output.shape),
    ]
    let order: [KernelArgument] = [
      .int(gather.readsWeightsTransposed ? 1 : 0), .int(gather.direction == .up ? 1 : 0),
    ]
    var weights: [KernelArgument] = [.tensor(gather.weights)]
    if weightsFirst {
      guard let points = workspace else { return }
      try launch.add(
        "convolution_winograd_vector_weights", in: file, definitions: definitions,
        arguments: [
          .tensor(gather.weights), .memory(points), .int(gather.channels), .int(gather.columns),
        ] + order,
        over: CLRange(groups: (channelBlocks(gather), panels(gather), panelVectors), local: (1, 1, 1)))
      weights = [.memory(points), .ulong(0), .ulong(0)]
    }
    let groups = groups(gather)
    try launch.add(
      "convolution_winograd_vector_data", in: file, definitions: definitions,
      arguments: [.tensor(input)] + weights + order + (try gather.biasArguments(gather.bias, backend)) + [
        .tensor(output), .int(output.shape.batch), .int(output.shape.height), .int(output.shape.width),
        .int(gather.channels), .int(gather.columns),
      ],
      over: CLRange(groups: (groups.tiles, groups.panels, 1), local: (1, 1, 1)))
  }
}
