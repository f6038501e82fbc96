import Runtime

extension Reference {
  /// The mean over all elements of w · |d| or w · d², with d = prediction − target and w the weight of the pixel.
  ///
  /// - Parameter weights: `[N, H, W, 1]`; nil is 1 for all pixels
  /// - Returns: the mean and its derivative by `prediction`: w · sign(d) / count, 0 at 0, or w · 2 d / count.
  public static func pixelwiseLoss(
    _ kind: PixelwiseLoss.Kind, prediction: ReferenceTensor, target: ReferenceTensor, weights: ReferenceTensor? = nil
  ) -> (loss: Double, gradient: ReferenceTensor) {
    let count = Double(prediction.shape.count)
    var loss = 0.0
    var gradient = prediction
    for index in prediction.values.indices {
      let difference = prediction[index] - target[index]
      let weight = weights?[index / prediction.shape.channels] ?? 1
      switch kind {
      case .l1:
        loss += weight * abs(difference) / count
        gradient[index] = difference == 0 ? 0 : (difference > 0 ? weight : -weight) / count
      case .meanSquared:
        loss += weight * difference * difference / count
        gradient[index] = weight * 2 * difference / count
      }
    }
    return (loss, gradient)
  }
}

extension PixelwiseLoss: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    let result = Reference.pixelwiseLoss(
      kind, prediction: memory[prediction], target: memory[target], weights: memory[weights])
    memory.write(ReferenceTensor(vector: [result.loss]), to: loss, accumulate: true)
    memory.write(result.gradient.map { Double(weight) * $0 }, to: gradient, accumulate: accumulate)
  }
}

extension KernelCases {
  static func pixelwiseLoss(_ size: CaseSize) -> [KernelCase] {
    PixelwiseLoss.Kind.allCases.flatMap { kind in
      [false, true].flatMap { isWeighted in
        LossVariant.all(size).map { pixelwiseLoss(kind, $0, isWeighted: isWeighted) }
      }
    }
  }

  private static func pixelwiseLoss(
    _ kind: PixelwiseLoss.Kind, _ variant: LossVariant, isWeighted: Bool
  ) -> KernelCase {
    let label = KernelCase.label(kind.rawValue, variant.label, isWeighted ? "weights of pixels" : nil)
    return KernelCase(PixelwiseLoss.name, .forward, label) { tensors in
      let prediction = tensors.random.floats(variant.shape)
      var target = tensors.random.floats(variant.shape)
      // Some elements are equal: the derivative of |d| there is 0.
      for index in stride(from: 1, to: target.values.count, by: 3) { target[index] = prediction[index] }
      return PixelwiseLoss(
        kind, prediction: tensors.input("prediction", prediction, variant.placement),
        target: tensors.input("target", target, variant.placement),
        weights: isWeighted ? variant.weights(&tensors) : nil,
        loss: tensors.input("loss", ReferenceTensor(vector: [0.5])), gradient: variant.gradient(&tensors),
        weight: variant.weight, accumulate: variant.accumulate)
    }
  }
}

/// A shape of a loss, the gradient it computes if any, and how its tensors lie in memory.
struct LossVariant: Sendable {
  var shape: Shape
  var hasGradient = true
  var accumulate = false
  var weight: Float = 1
  var placement = Placement.dense
  var gradientPlacement = Placement.dense

  var label: String {
    KernelCase.label(
      "\(shape)", hasGradient ? "gradient" : "no gradient", accumulate ? "accumulate" : nil,
      weight == 1 ? nil : "weight \(weight)", placement.label, gradientPlacement.label.map { "gradient \($0)" })
  }

  /// Makes a tensor of weights of pixels; one in five is 0.
  func weights(_ tensors: inout CaseTensors) -> Tensor {
    var weights = tensors.random.floats(Shape(shape.batch, shape.height, shape.width, 1), in: 0.25...4)
    for index in stride(from: 2, to: weights.values.count, by: 5) { weights[index] = 0 }
    return tensors.input("weights", weights, placement)
  }

  /// Makes the gradient's tensor; nil without a gradient.
  func gradient(_ tensors: inout CaseTensors) -> Tensor? {
    guard hasGradient else { return nil }
    let old = accumulate ? tensors.random.floats(shape, in: -0.1...0.1) : nil
    return tensors.output("gradient", shape, gradientPlacement, addingTo: old)
  }

  static func all(_ size: CaseSize) -> [LossVariant] {
    let slice = Placement.channelSlice(before: 1, after: 2)
    switch size {
    case .smallest:
      return [
        LossVariant(shape: Shape(1, 3, 5, 3), weight: 100, placement: slice, gradientPlacement: slice),
        LossVariant(shape: Shape(2, 2, 2, 1), accumulate: true),
        LossVariant(shape: Shape(1, 2, 3, 3), hasGradient: false),
      ]
    case .awkward:
      let shapes = [
        Shape(1, 1, 1, 1), Shape(3, 1, 1, 1), Shape(1, 5, 7, 3), Shape(3, 9, 11, 17), Shape(3, 32, 32, 3),
        Shape(64, 32, 32, 3),
      ]
      return shapes.flatMap { shape in
        [
          LossVariant(shape: shape), LossVariant(shape: shape, hasGradient: false),
          LossVariant(
            shape: shape, accumulate: true, weight: 100, placement: slice,
            gradientPlacement: .channelSlice(before: 3, after: 0)),
          LossVariant(shape: shape, weight: 0.5, placement: .imageSlice(before: 1, after: 1), gradientPlacement: slice),
        ]
      }
    case .trainingStep(_, let batch): return [LossVariant(shape: Shape(batch, 32, 32, 3))]
    }
  }
}
