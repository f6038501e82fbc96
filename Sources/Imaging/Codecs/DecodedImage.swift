/// What a decoder gives: pixels as they are stored, and what the file says about them.
struct DecodedImage {
  let raster: Raster
  let orientation: EXIFOrientation
  /// An ICC profile; empty where the file holds none.
  let profile: [UInt8]
  /// A PNG file's own description of its colors, which counts where there is no profile.
  var primaries: Primaries?
  /// Pages, or frames of an animation; the pixels are the first one's.
  let pageCount: Int
}

/// A color space given by numbers.
struct Primaries: Equatable {
  /// Exponent of the encoding, about 1/2.2.
  let gamma: Double
  /// Whether `gamma` stands for sRGB's curve.
  let hasUsualGamma: Bool
  /// x, y of white, red, green and blue; nil for sRGB's.
  let chromaticities: [Double]?

  private static let sRGB = [0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06]

  /// Nil where the numbers describe what is taken for sRGB, or nothing.
  init?(
    gamma: Double, chromaticities: (Double, Double, Double, Double, Double, Double, Double, Double)
  ) {
    let values = withUnsafeBytes(of: chromaticities) { Array($0.bindMemory(to: Double.self)) }
    let isUsual = zip(values, Self.sRGB).allSatisfy { abs($0 - $1) < 0.002 } || values.contains { $0 <= 0 }
    // 1/2.2 is how PNG files said sRGB before there was a chunk for it.
    hasUsualGamma = abs(gamma - 1 / 2.2) <= 0.01
    guard gamma > 0.05, gamma < 20, !isUsual || !hasUsualGamma else { return nil }
    self.gamma = gamma
    self.chromaticities = isUsual ? nil : values
  }

  /// x, y of white, red, green and blue.
  var resolved: [Double] { chromaticities ?? Self.sRGB }
}
