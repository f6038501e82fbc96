import Runtime

extension Reference {
  /// mean over all elements of (prediction − target)²
  ///
  /// - Returns: the loss and its derivative by `prediction`, 2 (prediction − target) / count.
  public static func meanSquaredError(prediction: HostTensor, target: HostTensor) -> (
    loss: Double, gradient: HostTensor
  ) {
    let count = Double(prediction.shape.count)
    var loss = 0.0
    var gradient = prediction
    for index in prediction.values.indices {
      let difference = prediction[index] - target[index]
      loss += difference * difference / count
      gradient[index] = 2 * difference / count
    }
    return (loss, gradient)
  }
}

extension KernelCases {
  static func meanSquaredError(_ size: CaseSize) -> [KernelCase] { LossVariant.all(size).map(meanSquaredError) }

  private static func meanSquaredError(_ variant: LossVariant) -> KernelCase {
    KernelCase(MeanSquaredError.name, .forward, variant.label) { tensors in
      let prediction = tensors.random.floats(variant.shape)
      let target = tensors.random.floats(variant.shape, in: 0...1)
      let oldLoss = HostTensor(vector: [0.5])
      let loss = tensors.input("loss", oldLoss)
      let gradient = variant.gradient(&tensors)
      let operation = MeanSquaredError(
        prediction: tensors.input("prediction", prediction, variant.placement),
        target: tensors.input("target", target, variant.placement), loss: loss, gradient: gradient?.tensor,
        weight: variant.weight, accumulate: variant.accumulate)
      return (
        operation,
        {
          variant.expected(
            Reference.meanSquaredError(prediction: prediction, target: target), loss: loss, oldLoss: oldLoss,
            gradient: gradient)
        }
      )
    }
  }
}
