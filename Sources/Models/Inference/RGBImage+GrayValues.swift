import Imaging

extension RGBImage {
  /// The mean of the three colors of each pixel, in 0...255, unrounded: `[height, width]`.
  var grayValues: [Float] {
    (0..<width * height).map { pixel in
      (Float(bytes[3 * pixel]) + Float(bytes[3 * pixel + 1]) + Float(bytes[3 * pixel + 2])) / 3
    }
  }
}
