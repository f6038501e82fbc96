@testable import Imaging

extension RGBImage {
  /// L* of the pixel at (x, y).
  func lightness(_ x: Int, _ y: Int) -> Float {
    let color = self[x, y]
    return CIELAB(red: Float(color.red) / 255, green: Float(color.green) / 255, blue: Float(color.blue) / 255).lightness
  }
}
