import Data
import Runtime

/// The number of a data set's images that are on the device at a time. It changes nothing but memory and speed.
public enum ImageResidency: Hashable, Sendable {
  /// All, unless they take more than half of the device's memory or more than its largest allocation.
  case automatic
  case all
  /// A window of this many, or a few less, which moves on as they are used; all where there are no more.
  case window(Int)
}

/// A data set's images on the device, as bytes: all, uploaded once, or a window that moves through their order.
public final class DeviceImages {
  /// `[count, H, W, 3]` of `uint8`, red, green, blue.
  let tensor: Tensor
  /// Nil where all images are on the device.
  private let window: ImageWindow?

  /// Makes images without memory, to plan with.
  /// - Parameter count: images on the device.
  init(count: Int, height: Int, width: Int) {
    tensor = Tensor("images", Shape(count, height, width, 3), .uint8)
    window = nil
  }

  /// Allocates memory and uploads a data set, or prepares a window that is filled as batches are used.
  /// - Parameter batchSize: images of a batch; a window holds whole batches.
  public init(
    _ dataset: ImageDataset, residency: ImageResidency = .automatic, batchSize: Int, on backend: any Backend
  ) throws(BackendError) {
    let half: Int
    if let windowed = Self.windowHalf(of: dataset, residency, batchSize: batchSize, on: backend) {
      half = windowed
    } else {
      do throws(BackendError) {
        tensor = try Self.upload(dataset, on: backend)
        window = nil
        return
      } catch {
        // Other programs use the device too.
        guard residency == .automatic, case .outOfMemory = error else { throw error }
        half = Self.automaticHalf(of: dataset, batchSize: batchSize, on: backend)
      }
    }
    let window = try ImageWindow(dataset, halfCount: half, on: backend)
    self.window = window
    tensor = window.tensor
  }

  private static func upload(_ dataset: ImageDataset, on backend: any Backend) throws(BackendError) -> Tensor {
    let tensor = Tensor("images", Shape(dataset.count, dataset.height, dataset.width, 3), .uint8)
    try tensor.storage.allocate(on: backend)
    try dataset.bytes.withUnsafeBytes { (bytes) throws(BackendError) in try backend.upload(bytes, to: tensor) }
    return tensor
  }

  // MARK: Places

  /// Indices in `tensor` of the images of an order.
  func places(of order: ImageOrder) -> [UInt32] {
    window?.places(count: order.indices.count) ?? order.indices
  }

  /// Position of the first image that is on the device together with the one at `position`.
  func firstPosition(ofSegmentAt position: Int) -> Int { window.map { position / $0.halfCount * $0.halfCount } ?? 0 }

  /// Makes the images of the batch at a position of the order available on the device to all work that is queued after
  /// this call.
  func load(_ position: Int, of order: ImageOrder) throws(BackendError) { try window?.load(position, of: order) }

  // MARK: Residency

  /// Images of a data set that are on the device at a time, as decided before anything else is on the device.
  static func plannedCount(
    of dataset: ImageDataset, _ residency: ImageResidency, batchSize: Int, on backend: any Backend
  ) -> Int {
    var half = windowHalf(of: dataset, residency, batchSize: batchSize, on: backend)
    if half == nil, residency == .automatic, (try? backend.allocate(byteCount: dataset.bytes.count)) == nil {
      half = automaticHalf(of: dataset, batchSize: batchSize, on: backend)
    }
    return half.map { 2 * $0 } ?? dataset.count
  }

  /// Images in half a window, whole batches; nil where all images are to be on the device.
  private static func windowHalf(
    of dataset: ImageDataset, _ residency: ImageResidency, batchSize: Int, on backend: any Backend
  ) -> Int? {
    switch residency {
    case .all: return nil
    case .window(let count): return count >= dataset.count ? nil : max(1, count / 2 / batchSize) * batchSize
    case .automatic:
      let limit = min(backend.maximumAllocationByteCount, backend.memoryByteCount / 2)
      return dataset.bytes.count <= limit ? nil : automaticHalf(of: dataset, batchSize: batchSize, on: backend)
    }
  }

  /// Most bytes of half a window of automatic size: enough for large uploads, and far below the memory of any device.
  private static let largestAutomaticHalf = 32 << 20

  /// Images in half a window of automatic size.
  private static func automaticHalf(of dataset: ImageDataset, batchSize: Int, on backend: any Backend) -> Int {
    let byteCount = min(largestAutomaticHalf, backend.memoryByteCount / 16, backend.maximumAllocationByteCount / 2)
    return max(1, byteCount / (dataset.imageByteCount * batchSize)) * batchSize
  }
}
