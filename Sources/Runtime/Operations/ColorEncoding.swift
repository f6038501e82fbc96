/// Which numbers stand for a photograph's colors, and which for its light and dark.
public enum ColorEncoding: Hashable, Sendable {
  /// Colors are red, green and blue in sRGB, each byte · scale + shift; gray is their mean.
  case rgb(scale: Float, shift: Float)
  /// Colors are a* / 110 and b* / 110 of CIELAB (D65, 2°), gray is L* / 50 − 1: all in −1...1.
  case lab

  /// Channels of the colors.
  public var colorChannels: Int { self == .lab ? 2 : 3 }

  /// L* = (gray + 1) · this.
  public static let labLightnessScale: Float = 50
  /// a* and b* are the colors · this, which is more than any color of sRGB has.
  public static let labChromaScale: Float = 110
}
