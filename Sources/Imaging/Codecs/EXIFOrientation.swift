/// The orientation of stored pixels, from EXIF data (CIPA DC-008, tag 0x0112). The raw values are the standard's.
enum EXIFOrientation: UInt16 {
  case upright = 1
  case flippedHorizontally
  case halfTurn
  case flippedVertically
  /// Rows and columns exchanged.
  case transposed
  /// Needs a quarter turn clockwise.
  case quarterTurn
  /// Rows and columns exchanged, about the other diagonal.
  case transverse
  /// Needs a quarter turn counterclockwise.
  case threeQuarterTurn

  /// Creates the orientation that EXIF data states; upright where it states none, or is damaged.
  /// - Parameter exif: EXIF data, which is a TIFF structure, without the name before it.
  init(exif: some Collection<UInt8>) { self = EXIFData(exif)?.orientation ?? .upright }

  /// Whether the upright image has the width of the stored one as its height.
  var exchangesSides: Bool { rawValue >= Self.transposed.rawValue }
}
