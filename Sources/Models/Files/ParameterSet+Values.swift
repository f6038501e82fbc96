import Runtime

/// Which of a parameter set's flat vectors.
enum ParameterVector: String, CaseIterable {
  /// Weights and running statistics.
  case value
  case firstMoment = "first_moment"
  case secondMoment = "second_moment"
}

extension ParameterSet {
  /// The parameters that have an element in a vector: all have values, the trained ones have moments if training them is
  /// what the set is for.
  func parameters(in vector: ParameterVector) -> [Parameter] {
    vector == .value ? parameters : isTrained ? parameters.filter(\.isTrained) : []
  }

  /// A parameter's numbers in PyTorch's order.
  func fileValues(
    of parameter: Parameter, in vector: ParameterVector = .value, on backend: any Backend
  ) throws(BackendError) -> [Float] {
    parameter.fileValues(fromMemory: try backend.floats(of: tensor(of: parameter, in: vector)))
  }

  /// Sets a parameter's numbers, given in PyTorch's order.
  func setFileValues(
    _ values: [Float], of parameter: Parameter, in vector: ParameterVector = .value, on backend: any Backend
  ) throws(BackendError) {
    try backend.upload(parameter.memoryValues(fromFile: values), to: tensor(of: parameter, in: vector))
  }

  private func tensor(of parameter: Parameter, in vector: ParameterVector) -> Tensor {
    switch vector {
    case .value: value(of: parameter)
    case .firstMoment: Tensor(storage: firstMoment, shape: parameter.shape, offset: parameter.offset)
    case .secondMoment: Tensor(storage: secondMoment, shape: parameter.shape, offset: parameter.offset)
    }
  }
}
