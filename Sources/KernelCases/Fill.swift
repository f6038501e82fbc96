import Runtime

extension Fill: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    memory[output] = ReferenceTensor(output.shape, repeating: Double(value))
  }
}

extension KernelCases {
  static func fill(_ size: CaseSize) -> [KernelCase] {
    switch size {
    case .smallest:
      [fill(Shape(vector: 5), 0, .dense), fill(Shape(1, 2, 3, 3), -1.5, .channelSlice(before: 1, after: 2))]
    case .awkward:
      [
        fill(Shape(vector: 1), 0, .dense), fill(Shape(vector: 1027), 0.1, .dense),
        fill(Shape(vector: 17), 1, .flat(before: 3, after: 5)), fill(Shape(3, 5, 7, 16), 0, .dense),
        fill(Shape(3, 5, 7, 17), -1.5, .channelSlice(before: 1, after: 2)),
      ]
    case .trainingStep(let width, let batch): [fill(Shape(batch, 32, 32, width), 0, .dense)]
    }
  }

  private static func fill(_ shape: Shape, _ value: Float, _ placement: Placement) -> KernelCase {
    KernelCase(Fill.name, .forward, KernelCase.label("\(shape)", "\(value)", placement.label), tolerance: 0) {
      tensors in
      Fill(output: tensors.output("output", shape, placement), value: value)
    }
  }
}
