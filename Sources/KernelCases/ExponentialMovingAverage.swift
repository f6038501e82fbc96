import Runtime

extension Reference {
  /// average + (1 − decay) · (values − average)
  public static func exponentialMovingAverage(values: ReferenceTensor, average: ReferenceTensor, decay: Double)
    -> ReferenceTensor
  {
    ReferenceTensor(average.shape, zip(average.values, values.values).map { $0 + (1 - decay) * ($1 - $0) })
  }
}

extension ExponentialMovingAverage: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    memory[average] = Reference.exponentialMovingAverage(
      values: memory[values], average: memory[average], decay: Double(decay.value))
  }
}

extension KernelCases {
  static func exponentialMovingAverage(_ size: CaseSize) -> [KernelCase] {
    switch size {
    case .smallest: [exponentialMovingAverage(5, decay: 0.5), exponentialMovingAverage(19, .flat(before: 1, after: 2))]
    case .awkward:
      [1, 3, 17, 1000, 65_537].map { exponentialMovingAverage($0) } + [
        exponentialMovingAverage(17, decay: 0), exponentialMovingAverage(17, decay: 1),
        exponentialMovingAverage(1023, .flat(before: 3, after: 5)),
      ]
    case .trainingStep: [exponentialMovingAverage(Self.parameterCount)]
    }
  }

  private static func exponentialMovingAverage(_ count: Int, decay: Float = 0.875, _ placement: Placement = .dense)
    -> KernelCase
  {
    let label = KernelCase.label("\(count)", "decay \(decay)", placement.label)
    return KernelCase(ExponentialMovingAverage.name, .forward, label) { tensors in
      let shape = Shape(vector: count)
      return ExponentialMovingAverage(
        values: tensors.input("values", tensors.random.floats(shape), placement),
        average: tensors.input("average", tensors.random.floats(shape), placement),
        decay: tensors.variable(decay, whilePlanned: 0.25))
    }
  }
}
