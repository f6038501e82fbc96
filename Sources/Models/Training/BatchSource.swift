import Runtime

/// Where a plan's batches come from.
struct BatchSource {
  /// `[count, H, W, 3]` of `uint8`.
  let images: Tensor
  /// Which image comes when, `[1, 1, 1, M]` of `uint32`.
  let order: Tensor
  /// What `order` is of, where photographs are on the device.
  private let imageOrder: ImageOrder?
  /// Position in `order` of the batch's first image.
  let first: Variable<Int>
  let batchSize: Int

  init(images: Tensor, order: Tensor, first: Variable<Int>, batchSize: Int) {
    self.images = images
    self.order = order
    imageOrder = nil
    self.first = first
    self.batchSize = batchSize
  }

  init(images: DeviceImages, order: ImageOrder, batchSize: Int) {
    self.images = images.tensor
    self.order = order.tensor
    imageOrder = order
    first = Variable(0)
    self.batchSize = batchSize
  }

  /// Lets the plan's next batch be the one whose first image is at a position of the order, a multiple of the batch size where
  /// the images are in a window.
  func move(to position: Int) throws(BackendError) {
    first.value = position
    if let imageOrder { try imageOrder.window?.hold(position, of: imageOrder) }
  }

  /// `[N, H, W, channels]`
  func shape(channels: Int) -> Shape { Shape(batchSize, images.shape.height, images.shape.width, channels) }

  /// Gathers a batch in the colors of a model.
  func gather(_ configuration: ModelConfiguration, color: Tensor, gray: Tensor) -> BatchGather {
    BatchGather(
      images: images, indices: order, first: first, color: color, gray: gray,
      encoding: configuration.encoding)
  }
}
