import Runtime

/// Which photographs come in which order: the indices that the batches are gathered by.
public final class ImageOrder {
  /// `[1, 1, 1, capacity]` of `uint32`.
  let tensor: Tensor
  private let backend: any Backend
  /// The order, without the padding of the last batch.
  public private(set) var indices: [UInt32] = []

  /// Number of photographs.
  public var count: Int { indices.count }

  /// - Parameter capacity: the most indices there will be; a whole number of batches.
  public init(capacity: Int, on backend: any Backend) throws(BackendError) {
    self.backend = backend
    tensor = Tensor("image order", Shape(vector: capacity), .uint32)
    tensor.storage.memory = try backend.allocate(byteCount: tensor.storage.byteCount)
  }

  /// Uploads an order. Places behind its end repeat its first photograph, so that the last batch is whole.
  public func set(_ indices: [UInt32]) throws(BackendError) {
    guard let memory = tensor.storage.memory, let first = indices.first, indices.count <= tensor.shape.count else {
      throw .invalidOperation(
        operation: "ImageOrder", reason: "\(indices.count) images, but from 1 to \(tensor.shape.count) fit")
    }
    self.indices = indices
    let padded = indices + Array(repeating: first, count: tensor.shape.count - indices.count)
    // The queue may still be reading the order of the epoch before.
    try backend.synchronize()
    try padded.withUnsafeBufferPointer { (elements) throws(BackendError) in
      try backend.upload(UnsafeRawBufferPointer(elements), to: memory, byteOffset: 0)
    }
  }
}
