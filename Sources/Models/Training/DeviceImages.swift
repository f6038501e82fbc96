import Data
import Runtime

/// A data set's photographs on the device, as bytes: all, uploaded once, or a window that moves through their order.
public struct DeviceImages {
  /// `[count, H, W, 3]` of `uint8`, red, green, blue; what `window` holds where there is one.
  public let tensor: Tensor
  /// Nil where all are on the device.
  let window: ImageWindow?

  /// Uploads all.
  /// - Parameter bytes: `count · height · width · 3` bytes in the tensor's layout.
  public init(
    _ bytes: UnsafeRawBufferPointer, count: Int, height: Int, width: Int, on backend: any Backend
  ) throws(BackendError) {
    tensor = Tensor("images", Shape(count, height, width, 3), .uint8)
    window = nil
    let memory = try backend.allocate(byteCount: tensor.storage.byteCount)
    try backend.upload(bytes, to: memory, byteOffset: 0)
    tensor.storage.memory = memory
  }

  /// Uploads a data set, or gets ready to do so piece by piece.
  /// - Parameter batchSize: images of a batch; a window holds whole batches.
  public init(
    _ dataset: ImageDataset, residency: ImageResidency = .automatic, batchSize: Int, on backend: any Backend
  ) throws(BackendError) {
    if let batches = Self.windowBatches(of: dataset, residency, batchSize: batchSize, on: backend) {
      try self.init(windowOn: dataset, batches: batches, batchSize: batchSize, on: backend)
      return
    }
    do throws(BackendError) {
      self = try dataset.bytes.withUnsafeBytes { (bytes) throws(BackendError) in
        try DeviceImages(bytes, count: dataset.count, height: dataset.height, width: dataset.width, on: backend)
      }
    } catch {
      guard residency == .automatic, case .outOfMemory = error else { throw error }
      // Others use the device too.
      let batches = Self.standardBatches(imageByteCount: dataset.imageByteCount, batchSize: batchSize, on: backend)
      try self.init(windowOn: dataset, batches: batches, batchSize: batchSize, on: backend)
    }
  }

  /// Images that lie on the device at a time: as `init` decides it, before anything else is on the device.
  static func count(
    of dataset: ImageDataset, _ residency: ImageResidency, batchSize: Int, on backend: any Backend
  ) -> Int {
    var batches = windowBatches(of: dataset, residency, batchSize: batchSize, on: backend)
    if batches == nil, residency == .automatic, (try? backend.allocate(byteCount: dataset.bytes.count)) == nil {
      batches = standardBatches(imageByteCount: dataset.imageByteCount, batchSize: batchSize, on: backend)
    }
    return batches.map { 2 * $0 * batchSize } ?? dataset.count
  }

  private init(windowOn dataset: ImageDataset, batches: Int, batchSize: Int, on backend: any Backend)
    throws(BackendError)
  {
    let window = try ImageWindow(dataset, halfCount: batches * batchSize, on: backend)
    self.window = window
    tensor = window.tensor
  }

  /// Most bytes of half a window that nobody gave a size: enough that its upload is one of many megabytes, and far from what
  /// any device has.
  private static let standardHalfByteCount = 32 << 20

  /// Batches in half a window; nil where all images are to be on the device.
  private static func windowBatches(
    of dataset: ImageDataset, _ residency: ImageResidency, batchSize: Int, on backend: any Backend
  ) -> Int? {
    switch residency {
    case .all: return nil
    case .window(let count): return count >= dataset.count ? nil : max(1, count / 2 / batchSize)
    case .automatic:
      let limit = min(backend.maximumAllocationByteCount, backend.memoryByteCount / 2)
      return dataset.bytes.count <= limit
        ? nil : standardBatches(imageByteCount: dataset.imageByteCount, batchSize: batchSize, on: backend)
    }
  }

  private static func standardBatches(imageByteCount: Int, batchSize: Int, on backend: any Backend) -> Int {
    max(1, min(standardHalfByteCount, backend.memoryByteCount / 16) / (imageByteCount * batchSize))
  }
}
