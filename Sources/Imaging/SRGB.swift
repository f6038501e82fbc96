import Foundation

/// The transfer function of sRGB (IEC 61966-2-1) and its inverse.
public enum SRGB {
  /// Returns the linear light of an encoded value, both in 0...1.
  public static func linear(_ encoded: Float) -> Float {
    encoded > 0.04045 ? powf((encoded + 0.055) / 1.055, 2.4) : encoded / 12.92
  }

  /// Returns the linear light of an encoded value, both in 0...1.
  public static func linear(_ encoded: Double) -> Double {
    encoded > 0.04045 ? pow((encoded + 0.055) / 1.055, 2.4) : encoded / 12.92
  }

  /// Returns the encoded value of linear light, both in 0...1.
  public static func encoded(_ linear: Float) -> Float {
    linear > 0.0031308 ? 1.055 * powf(linear, 1 / 2.4) - 0.055 : 12.92 * linear
  }

  /// Linear light of every byte.
  static let linearOfBytes: [Float] = (0...255).map { linear(Float($0) / 255) }
  /// Linear light of every 16-bit sample.
  static let linearOfWords: [Float] = (0...65535).map { linear(Float($0) / 65535) }
}
