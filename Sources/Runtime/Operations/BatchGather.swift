/// The encoding of an image as a network's gray input and color output.
public enum ColorEncoding: Hashable, Sendable {
  /// Colors are red, green and blue in sRGB, each byte · scale + shift; gray is their mean.
  case rgb(scale: Float, shift: Float)
  /// Colors are a* / 110 and b* / 110 of CIELAB (D65, 2°), gray is L* / 50 − 1: all in −1...1.
  case lab

  /// Channels of the colors.
  public var colorChannels: Int { self == .lab ? 2 : 3 }

  /// L* = (gray + 1) · this.
  public static let labLightnessScale: Float = 50
  /// a* and b* are the colors · this, which is more than any color of sRGB has.
  public static let labChromaScale: Float = 110
}

/// Picks a batch out of a data set that lives on the device as bytes, and makes the colors and the gray input of it:
///
/// with i = indices(first + n), image i mod 2³¹, flipped horizontally where i ≥ 2³¹ (`horizontalFlip`). In
/// `ColorEncoding.rgb` color(n, y, x, c) = image(y, x, c) · scale + shift, gray = mean of the three colors.
public struct BatchGather: Operation {
  public static let name = "BatchGather"
  public var pass: Pass { .forward }

  /// `[count, H, W, 3]` of `uint8`, red, green, blue.
  public let images: Tensor
  /// `[1, 1, 1, M]` of `uint32`; M ≥ first + N. Numbers of images, plus `horizontalFlip` for one to flip horizontally.
  public let indices: Tensor
  /// Position in `indices` of the first image of the batch.
  public let first: Variable<Int>
  /// `[N, H, W, 3]`, of `ColorEncoding.lab` `[N, H, W, 2]`; may be a slice of channels.
  public let color: Tensor
  /// `[N, H, W, 1]`; may be a slice of channels.
  public let gray: Tensor
  public let encoding: ColorEncoding

  /// Added to the number of an image that is to be flipped horizontally.
  public static let horizontalFlip: UInt32 = 1 << 31

  public init(
    images: Tensor, indices: Tensor, first: Variable<Int>, color: Tensor, gray: Tensor, encoding: ColorEncoding
  ) {
    self.images = images
    self.indices = indices
    self.first = first
    self.color = color
    self.gray = gray
    self.encoding = encoding
  }

  public var reads: [Tensor] { [images, indices] }
  public var writes: [Tensor] { [color, gray] }
  /// In CIELAB with each of its roots counted as one.
  public var floatingPointOperations: Int { (encoding == .lab ? 36 : 9) * gray.shape.count }

  /// The gathered images, not the whole data set.
  public var minimumBytes: Int { color.shape.count * 4 + gray.shape.count * 7 }

  public func validate() throws(BackendError) {
    let shape = color.shape
    try require(.uint8, in: images)
    try require(.uint32, in: indices)
    try require(.float32, in: color, gray)
    try requireShape(Shape(images.shape.batch, shape.height, shape.width, 3), of: images)
    try requireShape(Shape(shape.batch, shape.height, shape.width, encoding.colorChannels), of: color)
    try requireShape(Shape(shape.batch, shape.height, shape.width, 1), of: gray)
    try require(
      indices.isDense || indices.shape.pixelCount == 1, "tensor \(indices.storage.name) has gaps between its elements")
    try require(indices.shape.count >= shape.batch, "\(indices.shape.count) indices for a batch of \(shape.batch)")
  }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}
