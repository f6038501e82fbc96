import Imaging

extension RGBImage {
  /// Returns an image whose red grows to the right and whose blue grows downwards, with `level` as green: a color
  /// image, unlike one of a single color, which counts as toned.
  public static func colorful(width: Int, height: Int, level: UInt8) -> RGBImage {
    var image = RGBImage(width: width, height: height, color: .black)
    for y in 0..<height {
      for x in 0..<width {
        image[x, y] = RGBColor(red: UInt8(255 * x / width), green: level, blue: UInt8(255 * y / height))
      }
    }
    return image
  }
}
