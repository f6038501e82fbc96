import Data
import Files
import Runtime
import Synchronization

/// Numbers of images in the order in which they come. Another order is another object.
final class ImageOrder {
  let indices: [UInt32]

  init(indices: [UInt32]) { self.indices = indices }
}

/// The part of a data set that is on the device while an order of its images is gone through, for data sets larger than
/// the device's memory.
///
/// The order is cut into segments of `halfCount` images. The window has two halves, and segment s goes to half s mod 2:
/// while batches are gathered from one half, the next segment's images are copied together by another thread, out of
/// the data set's file if need be, and uploaded to the other half. So position p of the order is at place p mod
/// 2·`halfCount` of the window, whatever the image, and batches hold the same bytes as if all images were on the
/// device.
final class ImageWindow {
  /// `[2 · halfCount, H, W, 3]` of `uint8`.
  let tensor: Tensor
  /// Images of a segment, a multiple of the batch size.
  let halfCount: Int
  private let dataset: ImageDataset
  private let backend: any Backend
  /// The order that the segments are of; nil before the first.
  private var order: ImageOrder?
  /// Segment in each half; nil for none.
  private var loaded: [Int?] = [nil, nil]
  private let gatherer: ImageGatherer

  init(_ dataset: ImageDataset, halfCount: Int, on backend: any Backend) throws(BackendError) {
    self.dataset = dataset
    self.halfCount = halfCount
    self.backend = backend
    tensor = Tensor("images", Shape(2 * halfCount, dataset.height, dataset.width, 3), .uint8)
    try tensor.storage.allocate(on: backend)
    gatherer = ImageGatherer(dataset)
  }

  /// Places in the window of the images of an order of `count` images.
  func places(count: Int) -> [UInt32] { (0..<count).map { UInt32($0 % (2 * halfCount)) } }

  /// Loads the images of the batch at position `first` of an order into the window before what is queued from now on,
  /// and prefetches those after them.
  func load(_ first: Int, of order: ImageOrder) throws(BackendError) {
    if self.order !== order {
      self.order = order
      loaded = [nil, nil]
      gatherer.abandon()
    }
    let segment = first / halfCount
    if loaded[segment % 2] != segment {
      gather(segment, of: order)
      try upload(segment)
    }
    // The other half is free: the queue is in order, and what is queued from now on reads this one.
    let next = segment + 1
    if loaded[next % 2] != next, hasImages(next, of: order) {
      gather(next, of: order)
      if gatherer.isReady { try upload(next) }
    }
    if loaded[next % 2] == next, hasImages(next + 1, of: order) { gather(next + 1, of: order) }
  }

  private func hasImages(_ segment: Int, of order: ImageOrder) -> Bool { segment * halfCount < order.indices.count }

  /// Starts to copy a segment's images in the other thread, unless that has been started.
  private func gather(_ segment: Int, of order: ImageOrder) {
    guard gatherer.segment != segment else { return }
    let first = segment * halfCount
    gatherer.gather(segment, order.indices[first..<min(first + halfCount, order.indices.count)])
  }

  /// Waits for a segment's images and uploads them.
  private func upload(_ segment: Int) throws(BackendError) {
    let half = segment % 2
    loaded[half] = nil
    try gatherer.take { (bytes) throws(BackendError) in
      try backend.upload(bytes, to: tensor, byteOffset: half * halfCount * dataset.imageByteCount)
    }
    loaded[half] = segment
  }
}

/// Copies images of a data set to one place, one after the other, in a thread of its own for each segment.
private final class ImageGatherer {
  /// The bytes, which the thread has exclusively while it copies.
  private final class Work: Sendable {
    let bytes = Mutex<[UInt8]>([])
    let isDone = Atomic<Bool>(false)
  }

  private let dataset: ImageDataset
  private let work = Work()
  /// The segment that is copied, or that `take` gives; nil for none.
  private(set) var segment: Int?
  /// The thread that copies; nil where none has to be waited for.
  private var thread: WorkerThread?

  init(_ dataset: ImageDataset) { self.dataset = dataset }

  deinit { abandon() }

  /// Starts to copy images, in this order; discards those copied before and not taken.
  func gather(_ segment: Int, _ indices: ArraySlice<UInt32>) {
    abandon()
    self.segment = segment
    work.isDone.store(false, ordering: .relaxed)
    let (dataset, work) = (dataset, work)
    let copy: @Sendable () -> Void = {
      work.bytes.withLock { bytes in Self.copy(indices, of: dataset, into: &bytes) }
      work.isDone.store(true, ordering: .releasing)
    }
    thread = WorkerThread(copy)
    // Where the system grants no thread, the images are not copied ahead.
    if thread == nil { copy() }
  }

  /// Whether `take` would not wait.
  var isReady: Bool { segment != nil && work.isDone.load(ordering: .acquiring) }

  /// Waits for the images and calls `body` with their bytes.
  func take<Failure>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Void) throws(Failure) {
    wait()
    segment = nil
    try work.bytes.withLock { (bytes) throws(Failure) in
      try bytes.withUnsafeBufferPointer { (bytes) throws(Failure) in try body(UnsafeRawBufferPointer(bytes)) }
    }
  }

  /// Waits for the end of a copy and discards it.
  func abandon() {
    wait()
    segment = nil
  }

  private func wait() {
    thread?.join()
    thread = nil
  }

  private static func copy(_ indices: ArraySlice<UInt32>, of dataset: ImageDataset, into bytes: inout [UInt8]) {
    let size = dataset.imageByteCount
    let count = indices.count * size
    if bytes.count < count { bytes = [UInt8](repeating: 0, count: count) }
    if bytes.count > count { bytes.removeLast(bytes.count - count) }
    // In the order of the file, which a disk reads best.
    let places = indices.enumerated().map { (image: Int($1), place: $0) }.sorted { $0.image < $1.image }
    bytes.withUnsafeMutableBytes { target in
      dataset.bytes.withUnsafeBytes { source in
        for (image, place) in places {
          UnsafeMutableRawBufferPointer(rebasing: target[place * size..<(place + 1) * size])
            .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[image * size..<(image + 1) * size]))
        }
      }
    }
  }
}
