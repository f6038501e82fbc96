import Foundation

/// The transfer curve of sRGB (IEC 61966-2-1).
public enum SRGB {
  /// Linear light of an encoded value, both in 0...1.
  public static func linear(_ encoded: Float) -> Float {
    encoded > 0.04045 ? powf((encoded + 0.055) / 1.055, 2.4) : encoded / 12.92
  }

  /// The same with all digits.
  public static func linear(_ encoded: Double) -> Double {
    encoded > 0.04045 ? pow((encoded + 0.055) / 1.055, 2.4) : encoded / 12.92
  }

  /// Encodes linear light, both in 0...1.
  public static func encoded(_ linear: Float) -> Float {
    linear > 0.0031308 ? 1.055 * powf(linear, 1 / 2.4) - 0.055 : 12.92 * linear
  }
}
