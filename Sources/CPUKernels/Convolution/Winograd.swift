import CVectorLoops
import Runtime

extension winograd_kind {
  /// The transforms for a problem; nil where it is not 3 × 3 with stride 1 or 2 and padding 1, or where they do not pay.
  init?(for problem: ConvolutionProblem) {
    let stride = problem.geometry.stride
    guard 1...2 ~= stride, problem.geometry == ConvolutionGeometry(kernel: 3, stride: stride, padding: 1) else {
      return nil
    }
    let (height, width) = (problem.map.shape.height, problem.map.shape.width)
    let covered = 16 * winograd_tiles(winograd_tile_4x4, Int32(height), Int32(width))
    if stride == 2 {
      // A tile takes 81 multiply-adds for each 144 of its pixels.
      guard covered * 3 <= height * width * 4 else { return nil }
      self = problem.target == .map ? winograd_stride_2_map : winograd_stride_2_image
    } else if height == 2 && width == 2 {
      self = winograd_map_2x2
    } else {
      // A 4 × 4 tile takes a quarter of the multiply-adds of its pixels; half of that goes to the transforms and to
      // tiles that are not full.
      guard covered * 2 <= height * width * 3 else { return nil }
      self = winograd_tile_4x4
    }
  }

  /// Returns the tiles of a batch of maps.
  func tileCount(_ map: Shape) -> Int { map.batch * winograd_tiles(self, Int32(map.height), Int32(map.width)) }
}

extension winograd_image {
  init(_ tensor: HostTensor<Float>) {
    self.init(
      pixels: tensor.pointer, pixel_stride: tensor.pixelStride, height: Int32(tensor.height),
      width: Int32(tensor.width), channels: tensor.channels)
  }
}
