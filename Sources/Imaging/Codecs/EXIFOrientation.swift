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
  init(exif: ArraySlice<UInt8>) { self = Self.find(in: exif) ?? .upright }

  /// Whether the upright image has the width of the stored one as its height.
  var exchangesSides: Bool { rawValue >= Self.transposed.rawValue }

  /// Returns the value of the tag in the first directory.
  private static func find(in tiff: ArraySlice<UInt8>) -> EXIFOrientation? {
    let isLittleEndian = tiff.starts(with: [0x49, 0x49])
    guard isLittleEndian || tiff.starts(with: [0x4D, 0x4D]) else { return nil }
    func number(at offset: Int, byteCount: Int) -> Int? {
      let first = tiff.startIndex + offset
      guard offset >= 0, first + byteCount <= tiff.endIndex else { return nil }
      let digits = tiff[first..<first + byteCount]
      return isLittleEndian
        ? digits.reversed().reduce(0) { $0 << 8 | Int($1) } : digits.reduce(0) { $0 << 8 | Int($1) }
    }
    guard let directory = number(at: 4, byteCount: 4), let count = number(at: directory, byteCount: 2) else {
      return nil
    }
    for index in 0..<count {
      let entry = directory + 2 + 12 * index
      guard let tag = number(at: entry, byteCount: 2) else { return nil }
      if tag == 0x0112 {
        return number(at: entry + 8, byteCount: 2).flatMap { EXIFOrientation(rawValue: UInt16($0)) }
      }
    }
    return nil
  }
}
