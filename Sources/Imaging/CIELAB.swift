import Foundation

/// A color in CIELAB (CIE 15:2004), of the white point D65 and the 2° observer that sRGB is defined with.
///
/// The same numbers as scikit-image's `rgb2lab` and `lab2rgb`.
public struct CIELAB: Equatable, Sendable {
  /// L*, 0 (black) to 100 (white).
  public var lightness: Float
  /// a*, about −86 (green) to 98 (red) for colors of sRGB.
  public var a: Float
  /// b*, about −108 (blue) to 94 (yellow) for colors of sRGB.
  public var b: Float

  public init(lightness: Float, a: Float, b: Float) {
    self.lightness = lightness
    self.a = a
    self.b = b
  }

  /// From sRGB (IEC 61966-2-1), each in 0...1.
  public init(red: Float, green: Float, blue: Float) {
    self.init(linear: SIMD3(SRGB.linear(red), SRGB.linear(green), SRGB.linear(blue)))
  }

  /// From linear light, each in 0...1.
  public init(linear color: SIMD3<Float>) {
    let (lightness, a, b) = Self.coordinates(color, cubeRoot: cbrtf)
    self.init(lightness: lightness, a: a, b: b)
  }

  /// From sRGB (IEC 61966-2-1), each in 0...1, with all digits: in `Float` alone a and b may be 10⁻⁴ off.
  public init(red: Double, green: Double, blue: Double) {
    self.init(linear: SIMD3(SRGB.linear(red), SRGB.linear(green), SRGB.linear(blue)))
  }

  /// From linear light, each in 0...1, with all digits.
  public init(linear color: SIMD3<Double>) {
    let (lightness, a, b) = Self.coordinates(color, cubeRoot: cbrt)
    self.init(lightness: Float(lightness), a: Float(a), b: Float(b))
  }

  /// L*, a* and b* of linear light.
  @inline(__always)
  private static func coordinates<Value: BinaryFloatingPoint & SIMDScalar>(
    _ color: SIMD3<Value>, cubeRoot: (Value) -> Value
  ) -> (Value, Value, Value) {
    let x: Value = 0.412453 * color.x + 0.357580 * color.y + 0.180423 * color.z
    let y = luminance(color)
    let z: Value = 0.019334 * color.x + 0.119193 * color.y + 0.950227 * color.z
    let (fx, fy, fz) = (curve(x / 0.95047, cubeRoot), curve(y, cubeRoot), curve(z / 1.08883, cubeRoot))
    return (116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz))
  }

  /// A cube root, and near black a straight line, with the rounded constants of scikit-image, which are CIE's of 1976.
  @inline(__always)
  private static func curve<Value: BinaryFloatingPoint>(_ value: Value, _ cubeRoot: (Value) -> Value) -> Value {
    value > 0.008856 ? cubeRoot(value) : 7.787 * value + 16.0 / 116
  }

  /// In linear light; outside 0...1 where sRGB has no such color.
  public var linear: SIMD3<Float> {
    let fy = (lightness + 16) / 116
    let x = Self.white.x * Self.inverseCurve(fy + a / 500)
    let y = Self.inverseCurve(fy)
    let z = Self.white.z * Self.inverseCurve(fy - b / 200)
    return SIMD3(
      3.240481 * x - 1.537152 * y - 0.498536 * z, -0.969255 * x + 1.875990 * y + 0.041556 * z,
      0.055647 * x - 0.204041 * y + 1.057311 * z)
  }

  /// In sRGB; clipped to 0...1 where sRGB has no such color.
  public var clippedRGB: SIMD3<Float> {
    let linear = linear.clamped(lowerBound: SIMD3(repeating: 0), upperBound: SIMD3(repeating: 1))
    return SIMD3(SRGB.encoded(linear.x), SRGB.encoded(linear.y), SRGB.encoded(linear.z))
  }

  /// CIE Y of linear light, 1 for white.
  @inline(__always)
  static func luminance<Value: BinaryFloatingPoint & SIMDScalar>(_ color: SIMD3<Value>) -> Value {
    0.212671 * color.x + 0.715160 * color.y + 0.072169 * color.z
  }

  /// L* of linear light; what is darker than black or lighter than white counts as those.
  static func lightness(ofLinear color: SIMD3<Float>) -> Float {
    116 * curve(min(max(luminance(color), 0), 1), cbrtf) - 16
  }

  /// X and Z of white; its Y is 1.
  private static let white = SIMD3<Float>(0.95047, 1, 1.08883)

  private static func inverseCurve(_ value: Float) -> Float {
    value > 0.2068966 ? value * value * value : (value - 16.0 / 116) / 7.787
  }
}
