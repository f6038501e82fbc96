import Runtime

/// The textbook formula of every operation in double precision, in plain loops: the values that kernels are compared
/// with. Each operation's file extends it.
public enum Reference {}

/// An operation that has a reference.
public protocol ReferencedOperation: Operation {
  /// The tensors that are compared with the reference, each relative to its own largest value.
  var comparedTensors: [Tensor] { get }
  /// Computes the operation in double precision.
  func evaluate(in memory: inout ReferenceMemory)
}

extension ReferencedOperation {
  public var comparedTensors: [Tensor] { writes }
}

/// The contents of tensors' storages in double precision. Elements that were never written are NaN.
public struct ReferenceMemory {
  private var storages: [ObjectIdentifier: [Double]] = [:]

  public init(_ contents: [TensorValues] = []) {
    for contents in contents { self[contents.tensor] = contents.values }
  }

  public subscript(tensor: Tensor) -> ReferenceTensor {
    get {
      guard let elements = storages[ObjectIdentifier(tensor.storage)] else {
        return ReferenceTensor(tensor.shape, repeating: .nan)
      }
      return ReferenceTensor(tensor.shape, tensor.elementIndices.map { elements[$0] })
    }
    set {
      let unwritten = [Double](repeating: .nan, count: tensor.storage.count)
      for (index, value) in zip(tensor.elementIndices, newValue.values) {
        storages[ObjectIdentifier(tensor.storage), default: unwritten][index] = value
      }
    }
  }

  /// The contents of an optional tensor.
  public subscript(tensor: Tensor?) -> ReferenceTensor? { tensor.map { self[$0] } }

  /// Overwrites a tensor or adds to it; does nothing where `tensor` is nil.
  public mutating func write(_ values: ReferenceTensor, to tensor: Tensor?, accumulate: Bool = false) {
    guard let tensor else { return }
    self[tensor] = accumulate ? self[tensor] + values : values
  }
}
