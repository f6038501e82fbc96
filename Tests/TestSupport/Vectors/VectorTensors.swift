import KernelCases
import Runtime

/// Makes the tensors of one operation from a case of vectors, and keeps what they hold before and must hold after.
struct VectorTensors {
  private let vectors: VectorCase
  private var inputs: [TensorValues] = []
  private var expected: [TensorValues] = []

  init(_ vectors: VectorCase) { self.vectors = vectors }

  /// A tensor that holds the vector of that name.
  mutating func input(_ name: String) throws -> Tensor {
    let (values, elementType) = try vectors.tensor(name)
    let tensor = Tensor(name, values.shape, elementType)
    inputs.append(TensorValues(tensor, values))
    return tensor
  }

  /// A tensor that must hold the vector of that name afterwards, and before holds nothing of use.
  mutating func output(_ name: String) throws -> Tensor {
    let (values, elementType) = try vectors.tensor(name)
    let tensor = Tensor(name, values.shape, elementType)
    expected.append(TensorValues(tensor, values))
    return tensor
  }

  /// A tensor that the operation changes from one vector into another.
  mutating func updated(_ old: String, to new: String) throws -> Tensor {
    let tensor = try input(old)
    expected.append(TensorValues(tensor, try vectors.tensor(new).values))
    return tensor
  }

  /// A tensor that the operation adds the vector to. It starts with a value of the vector's own size, so that neither
  /// hides the other.
  mutating func addedTo(_ name: String) throws -> Tensor {
    let (values, elementType) = try vectors.tensor(name)
    let tensor = Tensor(name, values.shape, elementType)
    let old = values.map { Double(Float($0 / 2)) }
    inputs.append(TensorValues(tensor, old))
    expected.append(TensorValues(tensor, old + values))
    return tensor
  }

  func instance(_ operation: any Operation) -> CaseInstance {
    let expected = expected
    return CaseInstance(operation: operation, inputs: inputs, tolerance: KernelCase.defaultTolerance) { expected }
  }
}
