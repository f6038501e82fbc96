import Data
import Dispatch
import Synchronization

/// Copies images of a data set to one place, one after the other, in a thread of its own.
final class ImageGatherer {
  /// What the thread works in: it has the bytes while it copies.
  private final class Work: Sendable {
    let bytes = Mutex<[UInt8]>([])
    let isDone = DispatchSemaphore(value: 0)
  }

  private let dataset: ImageDataset
  private let queue = DispatchQueue(label: "recolor.images")
  private let work = Work()
  /// The segment that is copied, or that `take` gives; nil where there is none.
  private(set) var segment: Int?
  /// Whether its end was seen.
  private var isFinished = false

  init(_ dataset: ImageDataset) { self.dataset = dataset }

  deinit { abandon() }

  /// Starts to copy images, in this order; what was copied before and not taken is forgotten.
  /// - Parameter indices: numbers of the images, under `ImageOrder.numberMask`.
  func gather(_ segment: Int, _ indices: ArraySlice<UInt32>) {
    abandon()
    self.segment = segment
    isFinished = false
    let (dataset, work) = (dataset, work)
    queue.async {
      work.bytes.withLock { bytes in Self.copy(indices, of: dataset, into: &bytes) }
      work.isDone.signal()
    }
  }

  /// Whether `take` need not wait.
  var isReady: Bool {
    if segment != nil, !isFinished { isFinished = work.isDone.wait(timeout: .now()) == .success }
    return isFinished
  }

  /// Waits for the images and calls `body` with their bytes.
  func take<Failure>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Void) throws(Failure) {
    wait()
    segment = nil
    try work.bytes.withLock { (bytes) throws(Failure) in
      try bytes.withUnsafeBufferPointer { (bytes) throws(Failure) in try body(UnsafeRawBufferPointer(bytes)) }
    }
  }

  /// Forgets what is being copied.
  func abandon() {
    wait()
    segment = nil
  }

  private func wait() {
    if segment != nil, !isFinished { work.isDone.wait() }
    isFinished = segment != nil
  }

  private static func copy(_ indices: ArraySlice<UInt32>, of dataset: ImageDataset, into bytes: inout [UInt8]) {
    let size = dataset.imageByteCount
    let count = indices.count * size
    if bytes.count < count { bytes = [UInt8](repeating: 0, count: count) }
    if bytes.count > count { bytes.removeLast(bytes.count - count) }
    // In the order of the file, which a disk reads best.
    let places = indices.enumerated().map { (image: Int($1 & ImageOrder.numberMask), place: $0) }
      .sorted { $0.image < $1.image }
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
