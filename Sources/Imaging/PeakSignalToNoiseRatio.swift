import Glibc

/// The peak signal-to-noise ratio of values in 0...1.
enum PeakSignalToNoiseRatio {
  /// Errors under this count as this: 100 dB.
  private static let smallestError = 1e-10

  /// −10 log₁₀ of a mean squared error.
  static func decibels(ofError meanSquaredError: Double) -> Double { -10 * log10(max(meanSquaredError, smallestError)) }
}
