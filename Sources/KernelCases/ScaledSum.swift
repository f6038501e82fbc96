import Runtime

extension Reference {
  /// factor · (first + second), or factor · first
  public static func scaledSum(_ first: ReferenceTensor, _ second: ReferenceTensor?, factor: Double)
    -> ReferenceTensor
  {
    ReferenceTensor(
      first.shape, first.values.indices.map { factor * (first.values[$0] + (second?.values[$0] ?? 0)) })
  }
}

extension ScaledSum: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    memory[output] = Reference.scaledSum(memory[first], second.map { memory[$0] }, factor: Double(factor))
  }
}

extension KernelCases {
  static func scaledSum(_ size: CaseSize) -> [KernelCase] {
    switch size {
    case .smallest: [scaledSum(5), scaledSum(19, hasSecond: false, .flat(before: 1, after: 2))]
    case .awkward:
      [1, 3, 17, 1000, 65_537].flatMap { [scaledSum($0), scaledSum($0, hasSecond: false)] } + [
        scaledSum(17, factor: 1), scaledSum(33, isInPlace: true),
        scaledSum(33, hasSecond: false, factor: 1), scaledSum(1023, .flat(before: 3, after: 5)),
      ]
    case .trainingStep: [scaledSum(Self.parameterCount, isInPlace: true)]
    }
  }

  private static func scaledSum(
    _ count: Int, hasSecond: Bool = true, factor: Float = 0.25, isInPlace: Bool = false,
    _ placement: Placement = .dense
  ) -> KernelCase {
    let label = KernelCase.label(
      "\(count)", hasSecond ? "two" : "one", "factor \(factor)", isInPlace ? "in place" : nil, placement.label)
    return KernelCase(ScaledSum.name, .forward, label) { tensors in
      let shape = Shape(vector: count)
      let first = tensors.input("first", tensors.random.floats(shape), placement)
      return ScaledSum(
        first, hasSecond ? tensors.input("second", tensors.random.floats(shape), placement) : nil, factor: factor,
        output: isInPlace ? first : tensors.output("output", shape, placement))
    }
  }
}
