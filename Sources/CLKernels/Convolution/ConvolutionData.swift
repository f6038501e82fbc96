import Runtime

// The data sum: forward passes and data gradients, read from the result's side (kernels/convolution_geometry.h).

extension ConvolutionProblem {
  /// Whether pixels are best ordered position by position: on small maps a good part of the taps falls into the
  /// padding, and neighbours that share their position skip them together.
  var isBestPositionMajor: Bool { geometry.taps > 1 && result.shape.batch > 1 && phasePixels <= 64 }

  /// Terms of a sum of one phase, which splits share.
  var phaseTerms: Int { ceilDivide(geometry.taps, phases * phases) * source.shape.channels }

  /// The source, its height and its width.
  var sourceArguments: [KernelArgument] {
    [.tensor(source), .int(source.shape.height), .int(source.shape.width)]
  }

  /// A pointer, null for no bias, and an offset.
  var biasArguments: [KernelArgument] { bias.map { [.array($0)] } ?? Self.noBias }
  static var noBias: [KernelArgument] { [.null, .ulong(0)] }

  /// The sizes that the kernels of convolution_geometry.h's formulation end with.
  /// - Parameter positionMajor: whether pixels are ordered position by position, the images of the batch innermost.
  func extents(positionMajor: Bool) -> [KernelArgument] {
    let isToImage = target == .image
    return [
      .int(result.shape.height), .int(result.shape.width), .int(result.shape.batch), .int(source.shape.channels),
      .int(n), .int(geometry.kernelHeight), .int(geometry.kernelWidth), .int(geometry.padding), .int(phases),
      .int(isToImage ? 1 : geometry.stride), .int(isToImage ? -1 : 1), .int(positionMajor ? 1 : 0),
    ]
  }
}

/// A data sum as tiled matrix products, whose terms may be split into parts that a second kernel adds up.
protocol DataProduct: TiledAlgorithm {
  /// Parts of the terms, where the result alone has too few tiles to fill a GPU.
  var splits: Int { get set }
  /// Whether pixels are ordered position by position, the images of the batch innermost.
  var positionMajor: Bool { get set }
}

extension DataProduct {
  var neighbours: [Self] {
    varying(\.tiles, tiles.neighbours) + varying(\.splits, [splits * 2, splits / 2])
      + varying(\.positionMajor, [!positionMajor])
  }

  var splitsDescription: String { (splits > 1 ? ", \(splits) splits" : "") + (positionMajor ? ", position-major" : "") }

  func workspaceByteCount(for problem: ConvolutionProblem) -> Int {
    splits > 1 ? splits * problem.result.shape.count * ElementType.float32.byteCount : 0
  }

  /// The rows of a tile, whose sums one group has whole where no other adds to them.
  func momentsBlock(of problem: ConvolutionProblem) -> Int? {
    problem.statistics != nil && splits == 1 && problem.phases == 1 && tiles.holdMoments ? tiles.rows : nil
  }

  /// Appends the kernel of the products, and that of the sum of their parts.
  /// - Parameters:
  ///   - definitions: the kernel's constants, MOMENTS among them.
  ///   - weights: the kernel's arguments of the weights.
  func addProducts(
    _ problem: ConvolutionProblem, _ kernel: String, in file: String,
    _ definitions: KeyValuePairs<String, any KernelConstant>, weights: [KernelArgument], to launch: CLLaunch,
    workspace: CLMemory?
  ) throws(BackendError) {
    let parts = splits > 1 ? workspace : nil
    let partials = momentsBlock(of: problem) == nil ? nil : workspace
    let target: [KernelArgument] =
      parts.map { [.memory($0), .ulong(0), .ulong(problem.n)] } ?? [.tensor(problem.result)]
    let groups = problem.groups(tiles)
    try launch.add(
      kernel, in: file, definitions: definitions,
      arguments: problem.sourceArguments + weights
        + (parts == nil ? problem.biasArguments : ConvolutionProblem.noBias)
        + target + problem.extents(positionMajor: positionMajor) + [.int(splits)]
        + (partials.map { [.memory($0)] } ?? []),
      over: CLRange(groups: (groups.m, groups.n, problem.phases * problem.phases * splits), local: tiles.group))
    guard let parts else { return }
    // [split][pixels][channels], in the parts' order, and the bias.
    let pixels = problem.result.shape.pixelCount
    try launch.add(
      "convolution_reduce", in: "convolution_reduce.cl", definitions: launch.backend.reductionDefinitions,
      arguments: [.memory(parts), .int(splits)] + problem.biasArguments
        + [.tensor(problem.result), .ulong(pixels), .ulong(problem.n), .int(0)],
      over: launch.backend.rows(channels: problem.n, pixels: pixels))
  }
}
