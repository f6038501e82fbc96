import Runtime

/// A shape of a loss, what it writes, and how its tensors lie in memory.
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

  /// The gradient's tensor, if there is one, and what it holds before.
  func gradient(_ tensors: inout CaseTensors) -> (tensor: Tensor, old: HostTensor?)? {
    guard hasGradient else { return nil }
    let old = accumulate ? tensors.random.floats(shape, in: -0.1...0.1) : nil
    return (tensors.output("gradient", shape, gradientPlacement, addingTo: old), old)
  }

  /// What a loss must leave: the old sum plus this loss, and weight · ∂loss on top of the old gradient, if any.
  func expected(
    _ result: (loss: Double, gradient: HostTensor), loss: Tensor, oldLoss: HostTensor,
    gradient: (tensor: Tensor, old: HostTensor?)?
  ) -> [TensorValues] {
    var expected = [TensorValues(loss, oldLoss.map { $0 + result.loss })]
    if let gradient {
      let weighted = result.gradient.map { Double(weight) * $0 }
      expected.append(TensorValues(gradient.tensor, gradient.old.map { $0 + weighted } ?? weighted))
    }
    return expected
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
