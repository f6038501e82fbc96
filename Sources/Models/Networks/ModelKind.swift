/// Which of the study's two colorizers.
public enum ModelKind: String, Codable, Sendable, CaseIterable {
  /// U-Net autoencoder trained on squared error.
  case unet
  /// Conditional DCGAN whose generator is the same U-Net.
  case gan
}
