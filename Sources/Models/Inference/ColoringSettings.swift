/// How a model's colors are put on photographs.
public struct ColoringSettings: Hashable, Sendable {
  /// Pixels of the shorter side of the network's input, in `workingSizes`; see `Colorizer.workingExtents`.
  public var workingSize: Int
  /// Factor of the predicted a* and b*, in `strengths`; colors outside the gamut of sRGB then keep their hue and
  /// lightness. 0 makes photographs gray.
  public var strength: Float
  /// How much faint colors, of which the model is unsure, give way to vivid ones, in `contrasts`; see
  /// `ChromaPlane.adjusted(strength:contrast:)`. 0 keeps the model's proportions.
  public var contrast: Float

  public init(workingSize: Int, strength: Float = 1, contrast: Float = 0) {
    self.workingSize = workingSize
    self.strength = strength
    self.contrast = contrast
  }

  /// The working sizes that can be chosen, in pixels.
  public static let workingSizes = 16...4096
  /// The strengths that can be chosen.
  public static let strengths: ClosedRange<Float> = 0...2
  /// The contrasts of colors that can be chosen.
  public static let contrasts: ClosedRange<Float> = 0...4
}

/// Some of the settings of coloring: those that a weights file recommends, or that are chosen on the command line.
public struct ColoringChoice: Hashable, Sendable {
  public var workingSize: Int?
  public var strength: Float?
  public var contrast: Float?

  public init(workingSize: Int? = nil, strength: Float? = nil, contrast: Float? = nil) {
    self.workingSize = workingSize
    self.strength = strength
    self.contrast = contrast
  }

  /// Keys of the metadata of a weights file.
  private enum Key {
    static let workingSize = "working_size"
    static let strength = "strength"
    static let contrast = "color_contrast"
  }

  /// Reads the settings that a weights file recommends.
  /// - Throws: `CheckpointError.invalidMetadata` for one that is out of its range.
  init(in file: SafetensorsFile) throws(CheckpointError) {
    workingSize = try file.value(Key.workingSize) { text in
      Int(text).flatMap { ColoringSettings.workingSizes.contains($0) ? $0 : nil }
    }
    strength = try file.value(Key.strength) { text in
      Float(text).flatMap { ColoringSettings.strengths.contains($0) ? $0 : nil }
    }
    contrast = try file.value(Key.contrast) { text in
      Float(text).flatMap { ColoringSettings.contrasts.contains($0) ? $0 : nil }
    }
  }

  /// The choice as metadata of a weights file.
  var metadata: [String: String] {
    let values = [
      Key.workingSize: workingSize.map { "\($0)" }, Key.strength: strength.map { "\($0)" },
      Key.contrast: contrast.map { "\($0)" },
    ]
    return values.compactMapValues(\.self)
  }

  /// Returns complete settings, with those of `defaults` where none are chosen.
  public func settings(over defaults: ColoringSettings) -> ColoringSettings {
    ColoringSettings(
      workingSize: workingSize ?? defaults.workingSize, strength: strength ?? defaults.strength,
      contrast: contrast ?? defaults.contrast)
  }
}
