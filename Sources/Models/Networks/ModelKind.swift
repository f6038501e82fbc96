/// Which of the study's two colorizers.
public enum ModelKind: String, Codable, Sendable, CaseIterable {
  /// U-Net autoencoder trained on squared error.
  case unet
  /// Conditional DCGAN whose generator is the same U-Net.
  case gan

  /// What color values the generator works in: byte · scale + shift.
  public var colorScale: Float { self == .unet ? 1 / 255 : 2 / 255 }
  public var colorShift: Float { self == .unet ? 0 : -1 }

  /// A generator's output as a color in 0...1; what lies outside is clipped, as every image file would.
  public func color(fromOutput value: Float) -> Float {
    min(max(self == .unet ? value : value * 0.5 + 0.5, 0), 1)
  }
}
