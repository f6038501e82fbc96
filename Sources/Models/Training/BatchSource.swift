import Runtime

/// Where a plan's batches come from.
struct BatchSource {
  /// `[count, H, W, 3]` of `uint8`.
  let images: Tensor
  /// Which image comes when, `[1, 1, 1, M]` of `uint32`.
  let order: Tensor
  /// Position in `order` of the batch's first image.
  let first: Variable<Int>
  let batchSize: Int

  /// `[N, H, W, channels]`
  func shape(channels: Int) -> Shape { Shape(batchSize, images.shape.height, images.shape.width, channels) }

  /// Gathers a batch in the color range of a model.
  func gather(_ kind: ModelKind, color: Tensor, gray: Tensor) -> BatchGather {
    BatchGather(
      images: images, indices: order, first: first, color: color, gray: gray, scale: kind.colorScale,
      shift: kind.colorShift)
  }
}
