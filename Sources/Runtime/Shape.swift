/// The four extents of a tensor, outermost first: `[batch, height, width, channels]`.
///
/// Channels are innermost ("channels last", NHWC) on every backend. Convolution weights use the same four places as
/// `[kernelHeight, kernelWidth, inputChannels, outputChannels]`, vectors as `[1, 1, 1, count]`.
public struct Shape: Codable, Hashable, Sendable {
  public var batch: Int
  public var height: Int
  public var width: Int
  public var channels: Int

  public init(_ batch: Int, _ height: Int, _ width: Int, _ channels: Int) {
    self.batch = batch
    self.height = height
    self.width = width
    self.channels = channels
  }

  /// A vector of `count` elements.
  public init(vector count: Int) { self.init(1, 1, 1, count) }

  /// Number of pixels: batch · height · width.
  public var pixelCount: Int { batch * height * width }

  /// Number of elements: pixels · channels.
  public var count: Int { pixelCount * channels }
}

extension Shape: CustomStringConvertible {
  public var description: String { "\(batch)×\(height)×\(width)×\(channels)" }
}
