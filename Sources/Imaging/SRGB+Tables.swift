extension SRGB {
  /// Linear light of every byte.
  static let linearOfBytes: [Float] = (0...255).map { linear(Float($0) / 255) }
  /// Linear light of every 16-bit sample.
  static let linearOfWords: [Float] = (0...65535).map { linear(Float($0) / 65535) }
}
