import Runtime

/// A dense `[batch, height, width, channels]` array of doubles on the host: what references compute with.
public struct ReferenceTensor: Sendable {
  public let shape: Shape
  /// Channels innermost, as in `Shape`.
  public var values: [Double]

  /// - Parameter values: `shape.count` of them.
  public init(_ shape: Shape, _ values: [Double]) {
    precondition(values.count == shape.count, "\(values.count) values for the shape \(shape)")
    self.shape = shape
    self.values = values
  }

  public init(_ shape: Shape, repeating value: Double = 0) {
    self.init(shape, [Double](repeating: value, count: shape.count))
  }

  /// A vector, `[1, 1, 1, count]`.
  public init(vector values: [Double]) { self.init(Shape(vector: values.count), values) }

  @inlinable
  public subscript(n: Int, y: Int, x: Int, c: Int) -> Double {
    get { values[((n * shape.height + y) * shape.width + x) * shape.channels + c] }
    _modify { yield &values[((n * shape.height + y) * shape.width + x) * shape.channels + c] }
  }

  /// Element of a vector, or of any tensor in memory order.
  @inlinable
  public subscript(index: Int) -> Double {
    get { values[index] }
    _modify { yield &values[index] }
  }

  /// `transform` of every element.
  public func map(_ transform: (Double) -> Double) -> ReferenceTensor { ReferenceTensor(shape, values.map(transform)) }

  /// The nearest values that a float can hold: what a device is given.
  public var roundedToFloat: ReferenceTensor { map { Double(Float($0)) } }
}

extension ReferenceTensor {
  /// Element by element; both have the same shape.
  public static func + (left: ReferenceTensor, right: ReferenceTensor) -> ReferenceTensor {
    precondition(left.shape == right.shape, "\(left.shape) + \(right.shape)")
    return ReferenceTensor(left.shape, zip(left.values, right.values).map(+))
  }
}

/// A tensor's contents, given or expected. The values of `uint8` and `uint32` tensors are whole numbers in range, the
/// inputs of `float32` tensors are floats.
public struct TensorValues {
  public let tensor: Tensor
  /// Same shape as `tensor`.
  public let values: ReferenceTensor

  public init(_ tensor: Tensor, _ values: ReferenceTensor) {
    precondition(tensor.shape == values.shape, "\(tensor.storage.name): \(tensor.shape) given \(values.shape)")
    self.tensor = tensor
    self.values = values
  }
}
