/// Whether gray, sepia and otherwise toned images of a folder are used. Colors cannot be learned from them, nor can
/// they be compared with them; see `TonalCurve`.
public enum TonedImages: String, Codable, CaseIterable, Sendable {
  case keep, drop

  /// Version of the distinction: changes whenever other images count as toned.
  static let method = 1
}
