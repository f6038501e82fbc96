import CVectorLoops
import Runtime

extension winograd_kind {
  /// The transforms for a problem; nil where it is not 3 × 3 with stride 1 or 2, or 4 × 4 with stride 2, and padding 1,
  /// or where they do not pay.
  init?(for problem: ConvolutionProblem) {
    let (image, map) = (problem.image.shape, problem.map.shape)
    let pixels = map.height * map.width
    let covered = 16 * winograd_tiles(winograd_tile_4x4, Int32(map.height), Int32(map.width))
    switch problem.geometry {
    case ConvolutionGeometry(kernel: 3, stride: 1, padding: 1):
      if map.height == 2 && map.width == 2 {
        self = winograd_map_2x2
        return
      }
      // A 4 × 4 tile takes a quarter of the multiply-adds of its pixels; half of that goes to the transforms and to
      // tiles that are not full.
      guard covered * 2 <= pixels * 3 else { return nil }
      self = winograd_tile_4x4
    case ConvolutionGeometry(kernel: 3, stride: 2, padding: 1):
      // A tile takes 81 multiply-adds for 144, and the filter sum has loops of the transposed convolution alone.
      guard covered * 3 <= pixels * 4, problem.target != .weights || problem.weightsInput == .map else { return nil }
      self = problem.target == .map ? winograd_stride_2_map : winograd_stride_2_image
    case ConvolutionGeometry(kernel: 4, stride: 2, padding: 1):
      // A tile takes 100 multiply-adds for 256, and the filter sum has loops of the convolution alone.
      guard covered * 2 <= pixels * 3, image.height == 2 * map.height, image.width == 2 * map.width,
        problem.target != .weights || problem.weightsInput == .image
      else { return nil }
      self = problem.target == .image ? winograd_kernel_4_image : winograd_kernel_4_map
    default: return nil
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
