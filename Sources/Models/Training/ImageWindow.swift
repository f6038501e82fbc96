import Data
import Runtime

/// The part of a data set that is on the device while an order of its images is gone through, for data sets larger than the
/// device's memory.
///
/// The order is cut into segments of `halfCount` images. The window has two halves, and segment s goes to half s mod 2: while
/// batches are gathered from one half, the next segment's images are copied together by another thread, out of the data set's
/// file if need be, and uploaded to the other half. So position p of the order is at place p mod 2·`halfCount` of the window,
/// whatever the image, and batches hold the same bytes as if all images were on the device.
final class ImageWindow {
  /// `[2 · halfCount, H, W, 3]` of `uint8`.
  let tensor: Tensor
  /// Images of a segment, a multiple of the batch size.
  let halfCount: Int
  private let dataset: ImageDataset
  private let backend: any Backend
  private let memory: DeviceMemory
  /// Which order the segments are of, as `ImageOrder.generation`.
  private var generation = 0
  private var indices: [UInt32] = []
  /// Segment in each half, where there is one.
  private var held: [Int?] = [nil, nil]
  private let gatherer: ImageGatherer

  init(_ dataset: ImageDataset, halfCount: Int, on backend: any Backend) throws(BackendError) {
    self.dataset = dataset
    self.halfCount = halfCount
    self.backend = backend
    tensor = Tensor("images", Shape(2 * halfCount, dataset.height, dataset.width, 3), .uint8)
    memory = try backend.allocate(byteCount: tensor.storage.byteCount)
    tensor.storage.memory = memory
    gatherer = ImageGatherer(dataset)
  }

  /// Places in the window of the images of an order, with the flags of `indices`, and, behind its end, those of the first
  /// image of its last segment.
  func places(for indices: [UInt32], capacity: Int) -> [UInt32] {
    let last = max(0, indices.count - 1) / halfCount * halfCount
    return (0..<capacity).map { position in
      position < indices.count
        ? UInt32(position % (2 * halfCount)) | indices[position] & ~ImageOrder.numberMask
        : UInt32(last % (2 * halfCount))
    }
  }

  /// Sees to it that the images of the batch at position `first` of the order are in the window before what is queued from
  /// now on, and that those after them are on their way.
  func hold(_ first: Int, of order: ImageOrder) throws(BackendError) {
    if generation != order.generation {
      generation = order.generation
      indices = order.indices
      held = [nil, nil]
      gatherer.abandon()
    }
    let segment = first / halfCount
    if held[segment % 2] != segment {
      gather(segment)
      try upload(segment)
    }
    // The other half is free: the queue is in order, and what comes now reads this one.
    let next = segment + 1
    if held[next % 2] != next, hasImages(next) {
      gather(next)
      if gatherer.isReady { try upload(next) }
    }
    if held[next % 2] == next, hasImages(next + 1) { gather(next + 1) }
  }

  private func hasImages(_ segment: Int) -> Bool { segment * halfCount < indices.count }

  /// Lets the other thread copy a segment's images together, if it does not do so already.
  private func gather(_ segment: Int) {
    guard gatherer.segment != segment else { return }
    let first = segment * halfCount
    gatherer.gather(segment, indices[first..<min(first + halfCount, indices.count)])
  }

  /// Waits for a segment's images and uploads them.
  private func upload(_ segment: Int) throws(BackendError) {
    let half = segment % 2
    held[half] = nil
    try gatherer.take { (bytes) throws(BackendError) in
      try backend.upload(bytes, to: memory, byteOffset: half * halfCount * dataset.imageByteCount)
    }
    held[half] = segment
  }
}
