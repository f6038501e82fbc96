import Foundation
import Runtime

extension Reference {
  /// m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;
  /// p ← p − (learningRate / (1 − β₁ᵗ)) · m / (√v / √(1 − β₂ᵗ) + ε)
  ///
  /// - Parameter step: t, from 1.
  public static func adam(
    parameters: ReferenceTensor, gradients: ReferenceTensor, firstMoment: ReferenceTensor,
    secondMoment: ReferenceTensor,
    learningRate: Double, step: Int, beta1: Double, beta2: Double, epsilon: Double
  ) -> (parameters: ReferenceTensor, firstMoment: ReferenceTensor, secondMoment: ReferenceTensor) {
    var parameters = parameters
    var m = firstMoment
    var v = secondMoment
    let stepSize = learningRate / (1 - pow(beta1, Double(step)))
    let secondCorrection = sqrt(1 - pow(beta2, Double(step)))
    for index in parameters.values.indices {
      let g = gradients[index]
      m[index] = beta1 * m[index] + (1 - beta1) * g
      v[index] = beta2 * v[index] + (1 - beta2) * g * g
      parameters[index] -= stepSize * m[index] / (sqrt(v[index]) / secondCorrection + epsilon)
    }
    return (parameters, m, v)
  }
}

extension Adam: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    let result = Reference.adam(
      parameters: memory[parameters], gradients: memory[gradients], firstMoment: memory[firstMoment],
      secondMoment: memory[secondMoment], learningRate: Double(learningRate.value), step: step.value, beta1: beta1,
      beta2: beta2, epsilon: Double(epsilon))
    memory[parameters] = result.parameters
    memory[firstMoment] = result.firstMoment
    memory[secondMoment] = result.secondMoment
  }
}

extension KernelCases {
  static func adam(_ size: CaseSize) -> [KernelCase] {
    switch size {
    case .smallest: [adam(5, step: 1), adam(19, step: 7, beta1: 0.5, .flat(before: 1, after: 2))]
    case .awkward:
      [1, 3, 17, 1000, 65_537].flatMap { count in
        [1, 7, 1000].flatMap { step in [adam(count, step: step), adam(count, step: step, beta1: 0.5)] }
      } + [adam(1023, step: 7, .flat(before: 3, after: 5))]
    case .trainingStep: [adam(Self.parameterCount, step: 100)]
    }
  }

  /// The number of parameters in a training step: those of a narrow model.
  static let parameterCount = 1 << 18

  private static func adam(_ count: Int, step: Int, beta1: Double = 0.9, _ placement: Placement = .dense) -> KernelCase
  {
    let label = KernelCase.label("\(count)", "step \(step)", "β₁ \(beta1)", placement.label)
    return KernelCase(Adam.name, .forward, label) { tensors in
      let shape = Shape(vector: count)
      // Small parameters and a large rate, so that an error of the step is not lost in the parameter.
      let parameters = tensors.random.floats(shape, in: -0.1...0.1)
      var gradients = tensors.random.floats(shape)
      let isFirst = step == 1
      let firstMoment = isFirst ? ReferenceTensor(shape) : tensors.random.floats(shape)
      let secondMoment = isFirst ? ReferenceTensor(shape) : tensors.random.floats(shape, in: 0.01...1)
      // Zero gradients: 0 / (0 + ε).
      for index in stride(from: 2, to: count, by: 5) {
        gradients[index] = 0
      }
      return Adam(
        parameters: tensors.input("parameters", parameters, placement),
        gradients: tensors.input("gradients", gradients, placement),
        firstMoment: tensors.input("firstMoment", firstMoment, placement),
        secondMoment: tensors.input("secondMoment", secondMoment, placement),
        learningRate: tensors.variable(0.1, whilePlanned: 7),
        step: tensors.variable(step, whilePlanned: step + 3), beta1: beta1, beta2: 0.999)
    }
  }
}
