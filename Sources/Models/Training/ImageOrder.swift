import Runtime
import Synchronization

/// Which photographs come in which order: the indices that the batches are gathered by.
public final class ImageOrder {
  /// The bits of an index that are an image's number; the others go to the device as they are.
  static let numberMask: UInt32 = 0x7FFF_FFFF

  /// `[1, 1, 1, capacity]` of `uint32`.
  let tensor: Tensor
  /// Where the images are if they are not all on the device.
  let window: ImageWindow?
  private let backend: any Backend
  /// Tells what was set last from all that any order was set to before.
  private(set) var generation = 0
  private static let generations = Atomic<Int>(0)
  /// The order, without the padding of the last batch.
  public private(set) var indices: [UInt32] = []

  /// Number of photographs.
  public var count: Int { indices.count }

  /// - Parameters:
  ///   - capacity: the most indices there will be; a whole number of batches.
  ///   - images: what the indices are numbers of.
  public init(capacity: Int, of images: DeviceImages, on backend: any Backend) throws(BackendError) {
    self.backend = backend
    window = images.window
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
    generation = Self.generations.wrappingAdd(1, ordering: .relaxed).newValue
    let padded =
      window?.places(for: indices, capacity: tensor.shape.count)
      ?? indices + Array(repeating: first, count: tensor.shape.count - indices.count)
    // The queue may still be reading the order of the epoch before.
    try backend.synchronize()
    try padded.withUnsafeBufferPointer { (elements) throws(BackendError) in
      try backend.upload(UnsafeRawBufferPointer(elements), to: memory, byteOffset: 0)
    }
  }
}
