import CVectorLoops
import Runtime

/// Which minimal filtering fits a convolution, if any.
enum Winograd {
  /// The transforms for `shape`, or nil where it is not 3 × 3 with stride 1 and padding 1, or where they do not pay.
  static func kind(_ shape: ConvolutionShape) -> winograd_kind? {
    guard shape.geometry == ConvolutionGeometry(kernel: 3, stride: 1, padding: 1) else { return nil }
    if shape.smallHeight == 2 && shape.smallWidth == 2 { return winograd_map_2x2 }
    // A 4 × 4 tile takes a quarter of the multiply-adds of its pixels; half of that goes to the transforms and to tiles
    // that are not full.
    let pixels = shape.smallHeight * shape.smallWidth
    let covered = 16 * winograd_tiles(winograd_tile_4x4, Int32(shape.smallHeight), Int32(shape.smallWidth))
    return covered * 2 <= pixels * 3 ? winograd_tile_4x4 : nil
  }

  /// Tiles of the whole batch.
  static func tileCount(_ kind: winograd_kind, _ shape: ConvolutionShape) -> Int {
    shape.batch * winograd_tiles(kind, Int32(shape.smallHeight), Int32(shape.smallWidth))
  }

  static func image(_ tensor: HostTensor<Float>) -> winograd_image {
    winograd_image(
      pixels: tensor.pointer, pixel_stride: tensor.pixelStride, height: Int32(tensor.height),
      width: Int32(tensor.width), channels: tensor.channels)
  }

  static let channelStep = Int(WINOGRAD_CHANNEL_STEP)
  static let panelWidth = Int(PANEL_WIDTH)
}
