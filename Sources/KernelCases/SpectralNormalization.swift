import Runtime

extension Reference {
  /// v ← A u / ‖A u‖; u ← Aᵀ v / ‖Aᵀ v‖; σ = vᵀ A u; weights / σ, with A the weights as a matrix of KH · KW · I rows
  /// and O columns.
  ///
  /// - Parameters:
  ///   - weights: `[KH, KW, I, O]`
  ///   - outputVector: the previous u, O elements
  public static func spectralNormalizationForward(weights: ReferenceTensor, outputVector: ReferenceTensor)
    -> (output: ReferenceTensor, outputVector: ReferenceTensor, inputVector: ReferenceTensor, norm: Double)
  {
    let columns = weights.shape.channels
    let rows = weights.shape.pixelCount
    var v = ReferenceTensor(Shape(vector: rows))
    for row in 0..<rows {
      for column in 0..<columns { v[row] += weights[row * columns + column] * outputVector[column] }
    }
    v = unit(v)
    var u = ReferenceTensor(Shape(vector: columns))
    for row in 0..<rows {
      for column in 0..<columns { u[column] += weights[row * columns + column] * v[row] }
    }
    u = unit(u)
    let norm = spectralNorm(weights: weights, outputVector: u, inputVector: v)
    return (weights.map { $0 / norm }, u, v, norm)
  }

  /// (gradient − ⟨gradient, output⟩ · v uᵀ) / σ
  public static func spectralNormalizationBackward(
    output: ReferenceTensor, outputVector: ReferenceTensor, inputVector: ReferenceTensor, norm: Double,
    gradient: ReferenceTensor
  ) -> ReferenceTensor {
    let columns = output.shape.channels
    let product = zip(gradient.values, output.values).reduce(0) { $0 + $1.0 * $1.1 }
    var result = gradient
    for index in result.values.indices {
      let outer = inputVector[index / columns] * outputVector[index % columns]
      result[index] = (gradient[index] - product * outer) / norm
    }
    return result
  }

  /// vᵀ A u
  static func spectralNorm(weights: ReferenceTensor, outputVector: ReferenceTensor, inputVector: ReferenceTensor)
    -> Double
  {
    let columns = weights.shape.channels
    return weights.values.indices.reduce(0) { sum, index in
      sum + weights[index] * inputVector[index / columns] * outputVector[index % columns]
    }
  }

  private static func unit(_ vector: ReferenceTensor) -> ReferenceTensor {
    let length = vector.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return vector.map { $0 / max(length, Double(SpectralNormalizationForward.epsilon)) }
  }
}

extension SpectralNormalizationForward: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    let result = Reference.spectralNormalizationForward(weights: memory[weights], outputVector: memory[outputVector])
    memory[output] = result.output
    memory[outputVector] = result.outputVector
    memory[inputVector] = result.inputVector
    memory[norm] = ReferenceTensor(vector: [result.norm])
  }
}

extension SpectralNormalizationBackward: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    memory[gradient] = Reference.spectralNormalizationBackward(
      output: memory[output], outputVector: memory[outputVector], inputVector: memory[inputVector],
      norm: memory[norm][0], gradient: memory[gradient])
  }
}

extension KernelCases {
  static func spectralNormalization(_ size: CaseSize) -> [KernelCase] {
    spectralShapes(size).flatMap { [spectralForward($0), spectralBackward($0)] }
  }

  private static func spectralShapes(_ size: CaseSize) -> [Shape] {
    switch size {
    case .smallest: [Shape(2, 2, 3, 5), Shape(1, 1, 1, 1)]
    case .awkward:
      [
        Shape(1, 1, 1, 1), Shape(4, 4, 4, 16), Shape(3, 1, 7, 17), Shape(4, 4, 33, 3), Shape(2, 2, 128, 1),
        Shape(4, 4, 64, 128), Shape(1, 1, 1, 300),
      ]
    case .trainingStep(let width, _): [Shape(4, 4, 4 * width, 8 * width)]
    }
  }

  /// Between other elements in flat memory.
  private static let placement = Placement.flat(before: 3, after: 5)

  private static func spectralForward(_ shape: Shape) -> KernelCase {
    KernelCase(SpectralNormalizationForward.name, .forward, "\(shape)") { tensors in
      SpectralNormalizationForward(
        weights: tensors.input("weights", tensors.random.floats(shape), placement),
        outputVector: tensors.input(
          "outputVector", tensors.random.floats(Shape(vector: shape.channels), in: 0.1...1), placement),
        inputVector: tensors.output("inputVector", Shape(vector: shape.pixelCount), placement),
        norm: tensors.output("norm", Shape(vector: 1)), output: tensors.output("output", shape))
    }
  }

  private static func spectralBackward(_ shape: Shape) -> KernelCase {
    KernelCase(SpectralNormalizationBackward.name, .backward, "\(shape)") { tensors in
      SpectralNormalizationBackward(
        output: tensors.input("output", tensors.random.floats(shape)),
        outputVector: tensors.input("outputVector", tensors.random.floats(Shape(vector: shape.channels)), placement),
        inputVector: tensors.input("inputVector", tensors.random.floats(Shape(vector: shape.pixelCount)), placement),
        norm: tensors.input("norm", ReferenceTensor(vector: [1.75])),
        gradient: tensors.input("gradient", tensors.random.floats(shape), placement))
    }
  }
}
