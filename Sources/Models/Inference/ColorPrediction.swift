import Imaging

/// The colors that a network predicted for a photograph. Settings of color and hints are put on them without another
/// run of the network.
public struct ColorPrediction: Sendable {
  /// The photograph at the size of the network's input.
  public let small: RGBImage
  /// As predicted.
  public let chroma: ChromaPlane
  /// The photograph's size in pixels.
  public let photographWidth: Int
  public let photographHeight: Int

  /// - Parameters:
  ///   - small: The photograph at the size of `chroma`.
  ///   - chroma: As predicted.
  public init(small: RGBImage, chroma: ChromaPlane, photographWidth: Int, photographHeight: Int) {
    self.small = small
    self.chroma = chroma
    self.photographWidth = photographWidth
    self.photographHeight = photographHeight
  }

  /// Spreads hints over the photograph.
  public func field(of hints: [ColorHint]) -> HintField? {
    hints.isEmpty
      ? nil
      : HintField(hints, guide: small, photographWidth: photographWidth, photographHeight: photographHeight)
  }

  /// Returns the photograph in the predicted colors, as the settings change them, and those of hints, which they do
  /// not.
  /// - Parameter field: That of this prediction.
  public func colored(
    _ photograph: Photograph, strength: Float, contrast: Float, hints field: HintField? = nil
  ) -> ColoredPhotograph {
    let adjusted = chroma.adjusted(strength: strength, contrast: contrast)
    return ColoredPhotograph(photograph, chroma: field?.applied(to: adjusted) ?? adjusted, small: small)
  }
}
