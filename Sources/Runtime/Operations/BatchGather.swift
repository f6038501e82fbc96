/// Picks a batch out of a data set that lives on the device as bytes, scales it, and makes the gray input:
///
/// color(n, y, x, c) = images(indices(first + n), y, x, c) · scale + shift;  gray = mean of the three colors.
public struct BatchGather: Operation {
  public static let name = "BatchGather"
  public var pass: Pass { .forward }

  /// `[count, H, W, 3]` of `uint8`, red, green, blue.
  public let images: Tensor
  /// `[1, 1, 1, M]` of `uint32`; M ≥ first + N.
  public let indices: Tensor
  /// Position in `indices` of the first image of the batch.
  public let first: Variable<Int>
  /// `[N, H, W, 3]`; may be a slice of channels.
  public let color: Tensor
  /// `[N, H, W, 1]`; may be a slice of channels.
  public let gray: Tensor
  public let scale: Float
  public let shift: Float

  public init(
    images: Tensor,
    indices: Tensor,
    first: Variable<Int>,
    color: Tensor,
    gray: Tensor,
    scale: Float,
    shift: Float
  ) {
    self.images = images
    self.indices = indices
    self.first = first
    self.color = color
    self.gray = gray
    self.scale = scale
    self.shift = shift
  }

  public var reads: [Tensor] { [images, indices] }
  public var writes: [Tensor] { [color, gray] }
  public var floatingPointOperations: Int { 9 * gray.shape.count }

  /// What moves: the picked images, not the whole data set.
  public var minimumBytes: Int { color.shape.count * 5 + gray.shape.count * 4 }

  public func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    try backend.prepare(self)
  }
}
