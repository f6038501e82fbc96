import Runtime

extension Reference {
  /// mean = (mean₀ + mean₁) / 2; variance = (variance₀ + variance₁) / 2 + ((mean₀ − mean₁) / 2)², by a binary tree over
  /// the parts, neighbors first.
  ///
  /// - Parameter moments: means and biased variances of each part, `[parts, 1, 2, C]`.
  /// - Returns: those of all parts in the place of the first part's, those of subtrees in the others'.
  public static func momentsJoin(_ moments: ReferenceTensor) -> ReferenceTensor {
    let (parts, channels) = (moments.shape.batch, moments.shape.channels)
    var joined = moments
    var distance = 1
    while distance < parts {
      for part in stride(from: 0, to: parts, by: 2 * distance) {
        for c in 0..<channels {
          let (mean, other) = (joined[part, 0, 0, c], joined[part + distance, 0, 0, c])
          joined[part, 0, 0, c] = (mean + other) / 2
          joined[part, 0, 1, c] =
            (joined[part, 0, 1, c] + joined[part + distance, 0, 1, c]) / 2 + (mean - other) * (mean - other) / 4
        }
      }
      distance *= 2
    }
    return joined
  }
}

extension MomentsJoin: ReferencedOperation {
  /// All means and all variances.
  public var comparedTensors: [Tensor] {
    let (parts, channels) = (moments.shape.batch, moments.shape.channels)
    return [0, channels].map {
      Tensor(
        storage: moments.storage, shape: Shape(parts, 1, 1, channels), offset: moments.offset + $0,
        pixelStride: 2 * channels)
    }
  }

  public func evaluate(in memory: inout ReferenceMemory) {
    memory[moments] = Reference.momentsJoin(memory[moments])
  }
}

extension BatchNormalizationBackward {
  /// g and x̂ of each element.
  fileprivate func terms(in memory: ReferenceMemory) -> Reference.BatchNormalizationTerms {
    Reference.batchNormalizationTerms(
      input: memory[input], scale: memory[scale], shift: memory[shift], mean: memory[savedMean],
      inverseDeviation: memory[savedInverseDeviation], outputGradient: upstreamGradient(in: memory),
      activation: activation)
  }
}

extension BatchNormalizationGradientMeans: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    let sums = gradients.terms(in: memory).vectorGradients
    let all = (sums.shift.values + sums.scale.values).map { $0 / Double(population) }
    memory[means] = ReferenceTensor(means.shape, all)
    memory.write(sums.scale, to: gradients.scaleGradient, accumulate: gradients.accumulate)
    memory.write(sums.shift, to: gradients.shiftGradient, accumulate: gradients.accumulate)
  }
}

extension BatchNormalizationInputGradient: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    let (scale, inverseDeviation) = (memory[gradients.scale], memory[gradients.savedInverseDeviation])
    let (channels, means) = (scale.shape.channels, memory[means].values)
    memory[gradients.inputGradient] = gradients.terms(in: memory).inputGradient(
      factor: ReferenceTensor(vector: (0..<channels).map { scale[$0] * inverseDeviation[$0] }),
      mean: ReferenceTensor(vector: Array(means.prefix(channels))),
      productMean: ReferenceTensor(vector: Array(means.suffix(channels))))
  }
}

extension KernelCases {
  static func momentsJoin(_ size: CaseSize) -> [KernelCase] {
    switch size {
    case .smallest: [momentsJoin(parts: 2, channels: 3)]
    case .awkward:
      [
        momentsJoin(parts: 1, channels: 5), momentsJoin(parts: 2, channels: 1), momentsJoin(parts: 4, channels: 17),
        momentsJoin(parts: 64, channels: 33), momentsJoin(parts: 8, channels: 64, mean: 100),
        momentsJoin(parts: 2, channels: 257, .flat(before: 3, after: 5)),
      ]
    case .trainingStep(let width, _): (0..<5).map { momentsJoin(parts: 4, channels: width << $0) }
    }
  }

  private static func momentsJoin(
    parts: Int, channels: Int, mean: Double = 0, _ placement: Placement = .dense
  ) -> KernelCase {
    let label = KernelCase.label(
      "\(parts) parts of \(channels)", mean == 0 ? nil : "mean \(mean)", placement.label)
    return KernelCase(MomentsJoin.name, .forward, label) { tensors in
      let shape = Shape(parts, 1, 2, channels)
      var moments = tensors.random.floats(shape, in: 0.125...2)
      for part in 0..<parts {
        for c in 0..<channels { moments[part, 0, 0, c] += mean }
      }
      return MomentsJoin(tensors.input("moments", moments.roundedToFloat, placement))
    }
  }

  /// Both halves of batch normalization's gradients.
  static func batchNormalizationHalves(_ size: CaseSize) -> [KernelCase] {
    var variants = BatchNormalizationVariant.all(size)
    // Data far from zero and small variances are the moments' concern.
    if size == .awkward { variants = variants.filter { $0.mean == 0.5 && $0.deviation == 1 } }
    return variants.flatMap { [gradientMeans($0), inputGradient($0)] }
  }

  private static func gradientMeans(_ variant: BatchNormalizationVariant) -> KernelCase {
    let label = KernelCase.label("means", variant.label(.backward))
    return KernelCase(BatchNormalizationGradientMeans.name, .backward, label) { tensors in
      let gradients = batchNormalizationGradients(variant, &tensors)
      return BatchNormalizationGradientMeans(
        gradients, population: variant.parts * variant.shape.pixelCount,
        means: tensors.output("means", Shape(1, 1, 2, variant.shape.channels)))
    }
  }

  private static func inputGradient(_ variant: BatchNormalizationVariant) -> KernelCase {
    let label = KernelCase.label("input", variant.label(.backward))
    return KernelCase(BatchNormalizationInputGradient.name, .backward, label) { tensors in
      let gradients = batchNormalizationGradients(variant, &tensors)
      // Not the input's own, so that a backend that computes them itself fails.
      let means = tensors.random.floats(Shape(1, 1, 2, variant.shape.channels))
      return BatchNormalizationInputGradient(gradients, means: tensors.input("means", means))
    }
  }
}
