/// What a colorizer predicts from what.
public enum ColorSpace: String, Codable, Sendable, CaseIterable {
  /// Red, green and blue from their mean: the study's.
  case rgb
  /// a* and b* of CIELAB from L*, which stays as it is (Zhang, Isola and Efros 2016, section 2).
  case lab
}
