import Runtime

extension Reference {
  /// v ← A u / ‖A u‖;  u ← Aᵀ v / ‖Aᵀ v‖;  σ = vᵀ A u;  weights / σ, with A the weights as a matrix of KH · KW · I rows and O
  /// columns.
  ///
  /// - Parameters:
  ///   - weights: `[KH, KW, I, O]`
  ///   - outputVector: the u before, O elements
  public static func spectralNormalizationForward(weights: HostTensor, outputVector: HostTensor)
    -> (output: HostTensor, outputVector: HostTensor, inputVector: HostTensor, norm: Double)
  {
    let columns = weights.shape.channels
    let rows = weights.shape.pixelCount
    var v = HostTensor(Shape(vector: rows))
    for row in 0..<rows {
      for column in 0..<columns { v[row] += weights[row * columns + column] * outputVector[column] }
    }
    v = unit(v)
    var u = HostTensor(Shape(vector: columns))
    for row in 0..<rows {
      for column in 0..<columns { u[column] += weights[row * columns + column] * v[row] }
    }
    u = unit(u)
    let norm = spectralNorm(weights: weights, outputVector: u, inputVector: v)
    return (weights.map { $0 / norm }, u, v, norm)
  }

  /// (gradient − ⟨gradient, output⟩ · v uᵀ) / σ
  public static func spectralNormalizationBackward(
    output: HostTensor, outputVector: HostTensor, inputVector: HostTensor, norm: Double, gradient: HostTensor
  ) -> HostTensor {
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
  static func spectralNorm(weights: HostTensor, outputVector: HostTensor, inputVector: HostTensor) -> Double {
    let columns = weights.shape.channels
    return weights.values.indices.reduce(0) { sum, index in
      sum + weights[index] * inputVector[index / columns] * outputVector[index % columns]
    }
  }

  private static func unit(_ vector: HostTensor) -> HostTensor {
    let length = vector.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return vector.map { $0 / max(length, Double(SpectralNormalizationForward.epsilon)) }
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

  /// Of tensors that lie in flat memory between others.
  private static let placement = Placement.flat(before: 3, after: 5)

  private static func spectralForward(_ shape: Shape) -> KernelCase {
    KernelCase(SpectralNormalizationForward.name, .forward, "\(shape)") { tensors in
      let weights = tensors.random.floats(shape)
      let vector = tensors.random.floats(Shape(vector: shape.channels), in: 0.1...1)
      let operation = SpectralNormalizationForward(
        weights: tensors.input("weights", weights, placement),
        outputVector: tensors.input("outputVector", vector, placement),
        inputVector: tensors.output("inputVector", Shape(vector: shape.pixelCount), placement),
        norm: tensors.output("norm", Shape(vector: 1)), output: tensors.output("output", shape))
      return (
        operation,
        {
          let result = Reference.spectralNormalizationForward(weights: weights, outputVector: vector)
          return [
            TensorValues(operation.output, result.output),
            TensorValues(operation.outputVector, result.outputVector),
            TensorValues(operation.inputVector, result.inputVector),
            TensorValues(operation.norm, HostTensor(vector: [result.norm])),
          ]
        }
      )
    }
  }

  private static func spectralBackward(_ shape: Shape) -> KernelCase {
    KernelCase(SpectralNormalizationBackward.name, .backward, "\(shape)") { tensors in
      let output = tensors.random.floats(shape)
      let u = tensors.random.floats(Shape(vector: shape.channels))
      let v = tensors.random.floats(Shape(vector: shape.pixelCount))
      let gradient = tensors.random.floats(shape)
      let norm = 1.75
      let operation = SpectralNormalizationBackward(
        output: tensors.input("output", output), outputVector: tensors.input("outputVector", u, placement),
        inputVector: tensors.input("inputVector", v, placement),
        norm: tensors.input("norm", HostTensor(vector: [norm])),
        gradient: tensors.input("gradient", gradient, placement))
      return (
        operation,
        {
          [
            TensorValues(
              operation.gradient,
              Reference.spectralNormalizationBackward(
                output: output, outputVector: u, inputVector: v, norm: norm, gradient: gradient))
          ]
        }
      )
    }
  }
}
