import Data
import Runtime

/// A data set's photographs on the device, as bytes, uploaded once.
public struct DeviceImages {
  /// `[count, H, W, 3]` of `uint8`, red, green, blue.
  public let tensor: Tensor

  /// - Parameter bytes: `count · height · width · 3` bytes in the tensor's layout.
  public init(
    _ bytes: UnsafeRawBufferPointer, count: Int, height: Int, width: Int, on backend: any Backend
  ) throws(BackendError) {
    tensor = Tensor("images", Shape(count, height, width, 3), .uint8)
    let memory = try backend.allocate(byteCount: tensor.storage.byteCount)
    try backend.upload(bytes, to: memory, byteOffset: 0)
    tensor.storage.memory = memory
  }

  /// Uploads a data set.
  public init(_ dataset: ImageDataset, on backend: any Backend) throws(BackendError) {
    self = try dataset.bytes.withUnsafeBufferPointer { (bytes) throws(BackendError) in
      try DeviceImages(
        UnsafeRawBufferPointer(bytes), count: dataset.count, height: dataset.height, width: dataset.width, on: backend)
    }
  }
}
