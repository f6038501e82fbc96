import Foundation

/// A color in CIELAB (CIE 15:2004) for the white point D65 and the 2° observer of sRGB.
///
/// The constants are those of scikit-image's `rgb2lab` and `lab2rgb`, so that the metrics can be compared with
/// published ones: the matrix from linear light to XYZ, which follows from sRGB's primaries (IEC 61966-2-1) and D65, to
/// six decimals; the white point (CIE 15) to five; and of the function f the threshold 0.008856 and the slope 7.787,
/// the rounded numbers of CIE's publication of 1976. The batch gather (`kernels/color_space.h`,
/// `CVectorLoops/batch_gather_lab.c`) has the same matrix and white point with the exact (6/29)³ and (29/6)²/3 of CIE
/// 15:2004, 8.2.1.1; where L* is below 8.1, the results differ by less than 10⁻⁴ of L* and 10⁻³ of a* and b*.
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

  /// Creates a color from sRGB (IEC 61966-2-1), each channel in 0...1.
  public init(red: Float, green: Float, blue: Float) {
    self.init(linear: SIMD3(SRGB.linear(red), SRGB.linear(green), SRGB.linear(blue)))
  }

  /// Creates a color from linear light, each channel in 0...1.
  public init(linear color: SIMD3<Float>) {
    let (lightness, a, b) = Self.coordinates(color, cubeRoot: cbrtf)
    self.init(lightness: lightness, a: a, b: b)
  }

  /// Creates a color from sRGB (IEC 61966-2-1), each channel in 0...1, computed in double precision: in single
  /// precision, the error of a* and b* may be 10⁻⁴.
  public init(red: Double, green: Double, blue: Double) {
    self.init(linear: SIMD3(SRGB.linear(red), SRGB.linear(green), SRGB.linear(blue)))
  }

  /// Creates a color from linear light, each channel in 0...1, computed in double precision.
  public init(linear color: SIMD3<Double>) {
    let (lightness, a, b) = Self.coordinates(color, cubeRoot: cbrt)
    self.init(lightness: Float(lightness), a: Float(a), b: Float(b))
  }

  /// Returns L*, a* and b* of linear light.
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

  /// The function f of CIE 15:2004, 8.2.1.1: the cube root, and near black a straight line, with the rounded constants.
  @inline(__always)
  private static func curve<Value: BinaryFloatingPoint>(_ value: Value, _ cubeRoot: (Value) -> Value) -> Value {
    value > 0.008856 ? cubeRoot(value) : 7.787 * value + 16.0 / 116
  }

  /// The color in linear light; channels are outside 0...1 where it is outside the gamut of sRGB.
  public var linear: SIMD3<Float> {
    let fy = (lightness + 16) / 116
    return Self.linear(fy, Self.inverseCurve(fy), a, b)
  }

  /// Returns the color of a* and b* in linear light, given f(Y/Yn) and Y/Yn of its lightness.
  @inline(__always)
  private static func linear(_ fy: Float, _ y: Float, _ a: Float, _ b: Float) -> SIMD3<Float> {
    let x = white.x * inverseCurve(fy + a / 500)
    let z = white.z * inverseCurve(fy - b / 200)
    return SIMD3(
      3.240481 * x - 1.537152 * y - 0.498536 * z, -0.969255 * x + 1.875990 * y + 0.041556 * z,
      0.055647 * x - 0.204041 * y + 1.057311 * z)
  }

  /// The color in sRGB, with channels clipped to 0...1.
  public var clippedRGB: SIMD3<Float> {
    let linear = linear.clamped(lowerBound: SIMD3(repeating: 0), upperBound: SIMD3(repeating: 1))
    return SIMD3(SRGB.encoded(linear.x), SRGB.encoded(linear.y), SRGB.encoded(linear.z))
  }

  /// Returns the luminance Y (CIE 15) of linear light, 1 for white.
  @inline(__always)
  static func luminance<Value: BinaryFloatingPoint & SIMDScalar>(_ color: SIMD3<Value>) -> Value {
    0.212671 * color.x + 0.715160 * color.y + 0.072169 * color.z
  }

  /// Returns L* of linear light, clipped to 0...100.
  static func lightness(ofLinear color: SIMD3<Float>) -> Float {
    116 * curve(min(max(luminance(color), 0), 1), cbrtf) - 16
  }

  /// X, Y and Z of the white point D65.
  private static let white = SIMD3<Float>(0.95047, 1, 1.08883)

  /// The inverse of `curve`.
  @inline(__always)
  private static func inverseCurve(_ value: Float) -> Float {
    value > 0.2068966 ? value * value * value : (value - 16.0 / 116) / 7.787
  }

  /// The color in linear light; outside the gamut of sRGB, the most colorful one of the same lightness and hue inside
  /// it.
  ///
  /// The lightness, in 0...100, is always kept: gray of any lightness is inside the gamut.
  @inline(__always)
  var linearInGamut: SIMD3<Float> {
    let fy = (lightness + 16) / 116
    let y = Self.inverseCurve(fy)
    let color = Self.linear(fy, y, a, b)
    return Self.clamped(Self.isInGamut(color) ? color : faded(fy, y))
  }

  /// Returns the most colorful color of the same lightness and hue inside the gamut of sRGB, given f(Y/Yn) and Y/Yn.
  @inline(never)
  private func faded(_ fy: Float, _ y: Float) -> SIMD3<Float> {
    var (low, high): (Float, Float) = (0, 1)
    for _ in 0..<12 {
      let middle = (low + high) / 2
      if Self.isInGamut(Self.linear(fy, y, a * middle, b * middle)) { low = middle } else { high = middle }
    }
    return Self.linear(fy, y, a * low, b * low)
  }

  /// Tolerance for rounding.
  private static let slack: Float = 1e-6

  @inline(__always)
  private static func isInGamut(_ color: SIMD3<Float>) -> Bool {
    let (low, high) = (-slack, 1 + slack)
    return color.x >= low && color.y >= low && color.z >= low && color.x <= high && color.y <= high && color.z <= high
  }

  @inline(__always)
  private static func clamped(_ color: SIMD3<Float>) -> SIMD3<Float> {
    SIMD3(min(max(color.x, 0), 1), min(max(color.y, 0), 1), min(max(color.z, 0), 1))
  }
}
