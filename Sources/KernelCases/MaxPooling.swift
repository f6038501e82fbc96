import Runtime

extension Reference {
  /// The largest value of each window × window square and its place `y · window + x` in it; the first of equal ones
  /// wins, row by row. Rows and columns left over at the end are ignored.
  public static func maxPoolingForward(input: ReferenceTensor, window: Int) -> (
    output: ReferenceTensor, indices: ReferenceTensor
  ) {
    let shape = input.shape
    let outputShape = Shape(shape.batch, shape.height / window, shape.width / window, shape.channels)
    var output = ReferenceTensor(outputShape, repeating: -.infinity)
    var indices = ReferenceTensor(outputShape)
    for n in 0..<outputShape.batch {
      for y in 0..<outputShape.height {
        for x in 0..<outputShape.width {
          for c in 0..<outputShape.channels {
            for i in 0..<window {
              for j in 0..<window where input[n, y * window + i, x * window + j, c] > output[n, y, x, c] {
                output[n, y, x, c] = input[n, y * window + i, x * window + j, c]
                indices[n, y, x, c] = Double(i * window + j)
              }
            }
          }
        }
      }
    }
    return (output, indices)
  }

  /// Each output's gradient at the place of its maximum, 0 elsewhere.
  public static func maxPoolingBackward(
    outputGradient: ReferenceTensor, indices: ReferenceTensor, inputShape: Shape, window: Int
  ) -> ReferenceTensor {
    var inputGradient = ReferenceTensor(inputShape)
    let shape = outputGradient.shape
    for n in 0..<shape.batch {
      for y in 0..<shape.height {
        for x in 0..<shape.width {
          for c in 0..<shape.channels {
            let place = Int(indices[n, y, x, c])
            inputGradient[n, y * window + place / window, x * window + place % window, c] += outputGradient[n, y, x, c]
          }
        }
      }
    }
    return inputGradient
  }
}

extension MaxPoolingForward: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    let result = Reference.maxPoolingForward(input: memory[input], window: window)
    memory[output] = result.output
    memory.write(result.indices, to: indices)
  }
}

extension MaxPoolingBackward: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    let gradient = Reference.maxPoolingBackward(
      outputGradient: memory[outputGradient], indices: memory[indices], inputShape: inputGradient.shape, window: window)
    memory.write(gradient, to: inputGradient, accumulate: accumulate)
  }
}

extension KernelCases {
  static func maxPooling(_ size: CaseSize) -> [KernelCase] {
    let slice = Placement.channelSlice(before: 1, after: 2)
    switch size {
    case .smallest:
      return [
        maxPoolingForward(Shape(1, 5, 4, 3), data: .ties, slice),
        maxPoolingForward(Shape(2, 2, 2, 1), withIndices: false),
        maxPoolingBackward(Shape(1, 5, 4, 3), slice, accumulate: true), maxPoolingBackward(Shape(2, 3, 2, 1)),
      ]
    case .awkward:
      let shapes = [
        Shape(1, 2, 2, 1), Shape(3, 2, 3, 17), Shape(1, 5, 7, 3), Shape(3, 8, 8, 16), Shape(1, 9, 13, 33),
        Shape(3, 32, 32, 17), Shape(2, 31, 6, 64),
      ]
      return shapes.flatMap { shape -> [KernelCase] in
        [
          maxPoolingForward(shape), maxPoolingForward(shape, data: .ties, slice),
          maxPoolingForward(shape, data: .negative, .channelSlice(before: 16, after: 0), withIndices: false),
          maxPoolingBackward(shape), maxPoolingBackward(shape, slice),
          maxPoolingBackward(shape, .channelSlice(before: 16, after: 0), accumulate: true),
        ]
      } + [
        maxPoolingForward(Shape(3, 10, 7, 5), data: .ties, window: 3), maxPoolingForward(Shape(1, 4, 9, 17), window: 4),
        maxPoolingBackward(Shape(3, 10, 7, 5), window: 3),
        maxPoolingBackward(Shape(1, 4, 9, 17), accumulate: true, window: 4),
      ]
    case .trainingStep(let width, let batch):
      return (0..<4).flatMap { level -> [KernelCase] in
        let shape = Shape(batch, 32 >> level, 32 >> level, width << level)
        return [maxPoolingForward(shape), maxPoolingBackward(shape, accumulate: true)]
      }
    }
  }

  private enum PoolingData: String, Sendable {
    case any
    /// Many equal values in a window.
    case ties
    case negative
  }

  /// Nothing is computed, so no error is allowed.
  private static func maxPoolingForward(
    _ shape: Shape, data: PoolingData = .any, _ placement: Placement = .dense, withIndices: Bool = true, window: Int = 2
  ) -> KernelCase {
    let label = KernelCase.label(
      "\(shape)", "window \(window)", data == .any ? nil : data.rawValue, placement.label.map { "input \($0)" },
      withIndices ? nil : "without indices")
    return KernelCase(MaxPoolingForward.name, .forward, label, tolerance: 0) { tensors in
      let input =
        switch data {
        case .any: tensors.random.floats(shape)
        case .ties: tensors.random.integers(shape, in: -1...1)
        case .negative: tensors.random.floats(shape, in: -3 ... -1)
        }
      let outputShape = Shape(shape.batch, shape.height / window, shape.width / window, shape.channels)
      let output = tensors.output("output", outputShape)
      let indices = withIndices ? tensors.output("indices", outputShape, .dense, .uint8) : nil
      return MaxPoolingForward(
        input: tensors.input("input", input, placement), output: output, indices: indices, window: window)
    }
  }

  private static func maxPoolingBackward(
    _ shape: Shape, _ placement: Placement = .dense, accumulate: Bool = false, window: Int = 2
  ) -> KernelCase {
    let label = KernelCase.label(
      "\(shape)", "window \(window)", placement.label.map { "input \($0)" }, accumulate ? "accumulate" : nil)
    let tolerance = accumulate ? KernelCase.defaultTolerance : 0
    return KernelCase(MaxPoolingBackward.name, .backward, label, tolerance: tolerance) { tensors in
      let outputShape = Shape(shape.batch, shape.height / window, shape.width / window, shape.channels)
      let outputGradient = tensors.random.floats(outputShape)
      let indices = tensors.random.integers(outputShape, in: 0...window * window - 1)
      let old = accumulate ? tensors.random.floats(shape) : nil
      let inputGradient = tensors.output("inputGradient", shape, placement, addingTo: old)
      return MaxPoolingBackward(
        outputGradient: tensors.input("outputGradient", outputGradient),
        indices: tensors.input("indices", indices, .dense, .uint8), inputGradient: inputGradient,
        accumulate: accumulate, window: window)
    }
  }
}
