import Runtime

/// A stream of batches: the images of a data set in an order, some of them flipped horizontally, `batchSize` at a time.
///
/// Plans gather their batches from it by the operation of `gather`; `seek` decides which batch that is. The images may
/// be shared with other streams.
public final class BatchStream {
  let images: DeviceImages
  /// Index in `images.tensor` of each image of the order; `BatchGather.indices`. `[1, 1, 1, capacity]` of `uint32`.
  let places: Tensor
  /// Images in a batch.
  public let batchSize: Int
  /// Position, in the order, of the first image of each part of the next batch.
  private let firsts: [Variable<Int>]
  private var order = ImageOrder(indices: [])

  /// Makes a stream without memory for its order.
  /// - Parameters:
  ///   - capacity: the most images that an order has, those that fill up the last batch included.
  ///   - parts: parts that a batch is gathered in, equal ones.
  init(_ images: DeviceImages, capacity: Int, batchSize: Int, parts: Int = 1) {
    precondition(batchSize.isMultiple(of: parts), "batches of \(batchSize) in \(parts) parts")
    self.images = images
    self.batchSize = batchSize
    firsts = (0..<parts).map { Variable($0 * batchSize / parts) }
    places = Tensor("image order", Shape(vector: capacity), .uint32)
  }

  /// Makes a stream without memory whose orders have up to `count` images, and room to fill up the last batch.
  convenience init(_ images: DeviceImages, count: Int, batchSize: Int) {
    self.init(images, capacity: ceilDivide(count, batchSize) * batchSize, batchSize: batchSize)
  }

  /// Numbers of the images, in the order in which they come.
  public var indices: [UInt32] { order.indices }

  /// Number of images in the order.
  public var count: Int { indices.count }

  /// Sets and uploads the order. The last batch is filled up with copies of an image.
  /// - Parameters:
  ///   - indices: numbers of images, from 1 to `capacity` of them.
  ///   - flipped: whether each image is flipped horizontally; none is where empty.
  public func set(
    _ indices: [UInt32], flipped: [Bool] = [], on backend: any Backend
  ) throws(BackendError) {
    let capacity = places.shape.count
    precondition(flipped.isEmpty || flipped.count == indices.count, "not one flip for each image")
    guard let last = indices.indices.last, indices.count <= capacity else {
      throw .invalidOperation(
        operation: "BatchStream", reason: "\(indices.count) images, but from 1 to \(capacity) fit")
    }
    order = ImageOrder(indices: indices)
    var places = images.places(of: order)
    let filler = places[images.firstPosition(ofSegmentAt: last)]
    for (position, isFlipped) in flipped.enumerated() where isFlipped { places[position] |= BatchGather.horizontalFlip }
    places += Array(repeating: filler, count: capacity - places.count)
    // The queue may still be reading the order of the epoch before.
    try backend.synchronize()
    try backend.upload(places, to: self.places)
  }

  /// Makes the batch whose first image is at a position of the order the next one; a multiple of the batch size where
  /// not all images are on the device.
  func seek(to position: Int) throws(BackendError) {
    for (part, first) in firsts.enumerated() { first.value = position + part * partSize }
    try images.load(position, of: order)
  }

  /// Images in a part of a batch.
  private var partSize: Int { batchSize / firsts.count }

  /// The shape of a part of a batch: `[partSize, H, W, channels]`.
  func shape(channels: Int) -> Shape {
    Shape(partSize, images.tensor.shape.height, images.tensor.shape.width, channels)
  }

  /// Returns the operation that gathers a part of the next batch.
  func gather(part: Int = 0, color: Tensor, gray: Tensor, _ encoding: ColorEncoding) -> BatchGather {
    BatchGather(
      images: images.tensor, indices: places, first: firsts[part], color: color, gray: gray, encoding: encoding)
  }
}
