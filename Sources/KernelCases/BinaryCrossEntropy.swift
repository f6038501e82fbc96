import Foundation
import Runtime

extension Reference {
  /// mean over all elements of max(z, 0) − z t + log(1 + exp(−|z|)), z the logits and t the target.
  ///
  /// - Returns: the loss and its derivative by `logits`, (sigmoid(z) − t) / count.
  public static func binaryCrossEntropy(logits: ReferenceTensor, target: Double) -> (
    loss: Double, gradient: ReferenceTensor
  ) {
    let count = Double(logits.shape.count)
    var loss = 0.0
    for z in logits.values { loss += (max(z, 0) - z * target + log1p(exp(-abs(z)))) / count }
    return (loss, activationForward(logits, .sigmoid).map { ($0 - target) / count })
  }
}

extension BinaryCrossEntropy: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    let result = Reference.binaryCrossEntropy(logits: memory[logits], target: Double(target))
    memory.write(ReferenceTensor(vector: [result.loss]), to: loss, accumulate: true)
    memory.write(result.gradient.map { Double(weight) * $0 }, to: gradient, accumulate: accumulate)
  }
}

extension KernelCases {
  static func binaryCrossEntropy(_ size: CaseSize) -> [KernelCase] {
    [Float(0), 0.9, 1].flatMap { target in
      LossVariant.all(size).map { binaryCrossEntropy($0, target: target) }
    }
  }

  private static func binaryCrossEntropy(_ variant: LossVariant, target: Float) -> KernelCase {
    KernelCase(BinaryCrossEntropy.name, .forward, KernelCase.label(variant.label, "target \(target)")) { tensors in
      var logits = tensors.random.floats(variant.shape, in: -6...6)
      // Some so large that exp(z) has no float.
      for index in stride(from: 3, to: logits.values.count, by: 7) { logits[index] *= 50 }
      logits = logits.roundedToFloat
      return BinaryCrossEntropy(
        logits: tensors.input("logits", logits, variant.placement), target: target,
        loss: tensors.input("loss", ReferenceTensor(vector: [0.5])), gradient: variant.gradient(&tensors),
        weight: variant.weight, accumulate: variant.accumulate)
    }
  }
}
