import Runtime

/// convolution_winograd_filter.cl: Winograd's algorithm for GPUs, by kernels for the transforms of the tensors, and 36
/// tiled matrix products between them.
struct WinogradFilter: TiledAlgorithm {
  /// Tiles of the products.
  var tiles: ConvolutionTiles
  /// Tiles of 4 × 4 pixels that are transformed at a time, and should stay in a cache.
  var passTiles: Int
  /// Parts that the products of a pass are split into, so that enough groups run at a time.
  var splits: Int

  /// Parameters that are good on many GPUs, with these tiles of the products; nil where Winograd's algorithm is
  /// impossible.
  init?(for problem: ConvolutionProblem, tiles: ConvolutionTiles = ConvolutionTiles()) {
    guard Winograd.fits(problem) else { return nil }
    self.tiles = tiles
    passTiles = Winograd.passTiles(problem, multipleOf: tiles.depth)
    let groups =
      Winograd.transformedCount * ceilDivide(problem.image.shape.channels, tiles.rows)
      * ceilDivide(problem.n, tiles.columns)
    let count = min(passTiles, Winograd.tiles(of: problem.map.shape))
    splits = max(1, min(ceilDivide(ConvolutionTiles.wantedGroups, groups), count / 64))
  }

  var kind: AlgorithmKind { .winograd }
  var accuracy: AlgorithmAccuracy { .winograd }
  var neighbours: [WinogradFilter] {
    varying(\.tiles, tiles.neighbours) + scaling(\.passTiles) + varying(\.splits, [splits * 2, splits / 2])
  }
  var description: String {
    "winograd \(tiles), \(passTiles) at a time" + (splits > 1 ? ", \(splits) splits" : "")
  }

  func fits(_ problem: ConvolutionProblem, on backend: CLBackend) -> Bool {
    Winograd.fits(problem) && 1...Winograd.mostPassTiles ~= passTiles
      && 1...Winograd.tiles(of: problem.map.shape) ~= splits
      && tiles.fit(on: backend.device, vectorWidth: Winograd.vectorWidth(problem))
  }

  private func passCount(_ problem: ConvolutionProblem) -> Int { min(passTiles, Winograd.tiles(of: problem.map.shape)) }
  private func passes(_ problem: ConvolutionProblem) -> Int {
    ceilDivide(Winograd.tiles(of: problem.map.shape), passCount(problem))
  }

  /// Floats of a pass's transformed image and map, and of one part of the sums, which follow each other in the
  /// workspace.
  private func counts(_ problem: ConvolutionProblem) -> (image: Int, map: Int, sums: Int) {
    let (pass, channels) = (passCount(problem), problem.image.shape.channels)
    return (
      Winograd.transformedCount * pass * channels, Winograd.transformedCount * pass * problem.n,
      Winograd.transformedCount * channels * problem.n
    )
  }

  func workspaceByteCount(for problem: ConvolutionProblem) -> Int {
    let (image, map, sums) = counts(problem)
    return (image + map + passes(problem) * splits * sums) * ElementType.float32.byteCount
  }

  func add(_ problem: ConvolutionProblem, to launch: CLLaunch, workspace: CLMemory?) throws(BackendError) {
    guard let workspace else { return }
    let (image, map, backend) = (problem.image, problem.map, launch.backend)
    let (channels, mapChannels) = (image.shape.channels, map.shape.channels)
    let counts = counts(problem)
    let (mapStart, sumsStart) = (counts.image, counts.image + counts.map)
    let file = "convolution_winograd_filter.cl"
    let definitions = tiles.definitions(vectorWidth: Winograd.vectorWidth(problem))
    let all = Winograd.tiles(of: map.shape)
    let pass = passCount(problem)
    for (index, first) in stride(from: 0, to: all, by: pass).enumerated() {
      let count = min(pass, all - first)
      try Winograd.addInputTransform(
        image, first: first, count: count, definitions, into: workspace, at: 0, to: launch)
      try launch.add(
        "convolution_winograd_output_gradient", in: file, definitions: definitions,
        arguments: [
          .tensor(map), .int(map.shape.height), .int(map.shape.width), .int(mapChannels), .int(first), .int(count),
          .memory(workspace), .ulong(mapStart),
        ], over: backend.rows(channels: mapChannels, pixels: count))
      try launch.add(
        "convolution_winograd_filter_product", in: file, definitions: definitions,
        arguments: [
          .memory(workspace), .ulong(0), .memory(workspace), .ulong(mapStart), .memory(workspace),
          .ulong(sumsStart + index * splits * counts.sums), .int(channels), .int(count), .int(mapChannels),
        ],
        over: CLRange(
          groups: (
            ceilDivide(channels, tiles.rows), ceilDivide(mapChannels, tiles.columns),
            splits * Winograd.transformedCount
          ), local: tiles.group))
    }
    try launch.add(
      "convolution_winograd_weights_gradient", in: file, definitions: definitions,
      arguments: [
        .memory(workspace), .ulong(sumsStart), .int(passes(problem) * splits), .tensor(problem.weights),
        .int(channels), .int(mapChannels), .int(problem.accumulate ? 1 : 0),
      ], over: backend.rows(channels: mapChannels, pixels: channels))
  }
}
