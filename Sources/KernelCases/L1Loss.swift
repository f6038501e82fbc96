import Runtime

extension Reference {
  /// mean over all elements of |prediction − target|
  ///
  /// - Returns: the loss and its derivative by `prediction`, sign(prediction − target) / count, 0 at 0.
  public static func l1Loss(prediction: HostTensor, target: HostTensor) -> (loss: Double, gradient: HostTensor) {
    let count = Double(prediction.shape.count)
    var loss = 0.0
    var gradient = prediction
    for index in prediction.values.indices {
      let difference = prediction[index] - target[index]
      loss += abs(difference) / count
      gradient[index] = difference == 0 ? 0 : (difference > 0 ? 1 : -1) / count
    }
    return (loss, gradient)
  }
}

extension KernelCases {
  static func l1Loss(_ size: CaseSize) -> [KernelCase] { LossVariant.all(size).map(l1Loss) }

  private static func l1Loss(_ variant: LossVariant) -> KernelCase {
    KernelCase(L1Loss.name, .forward, variant.label) { tensors in
      let prediction = tensors.random.floats(variant.shape)
      var target = tensors.random.floats(variant.shape)
      // Some are equal: the derivative there is 0.
      for index in stride(from: 1, to: target.values.count, by: 3) { target[index] = prediction[index] }
      let oldLoss = HostTensor(vector: [0.5])
      let loss = tensors.input("loss", oldLoss)
      let gradient = variant.gradient(&tensors)
      let operation = L1Loss(
        prediction: tensors.input("prediction", prediction, variant.placement),
        target: tensors.input("target", target, variant.placement), loss: loss, gradient: gradient?.tensor,
        weight: variant.weight, accumulate: variant.accumulate)
      return (
        operation,
        {
          variant.expected(
            Reference.l1Loss(prediction: prediction, target: target), loss: loss, oldLoss: oldLoss, gradient: gradient)
        }
      )
    }
  }
}
