/// How a camera was held, from a JPEG file's EXIF data (CIPA DC-008, tag 0x0112): what must be done to the stored
/// pixels to show the picture upright. The raw values are the standard's.
enum EXIFOrientation: UInt16 {
  case upright = 1
  case mirroredLeftRight
  case halfTurn
  case mirroredTopBottom
  /// Rows and columns exchanged.
  case transposed
  /// Needs a quarter turn clockwise.
  case quarterTurn
  /// Rows and columns exchanged, about the other diagonal.
  case transverse
  /// Needs a quarter turn counterclockwise.
  case threeQuarterTurn

  /// The orientation that a JPEG file states; upright where it states none, or nothing that can be understood.
  init(jpeg bytes: [UInt8]) {
    self = Self.find(in: bytes) ?? .upright
  }

  /// Walks the segments before the image data to the EXIF one.
  private static func find(in bytes: [UInt8]) -> EXIFOrientation? {
    var position = 2
    while position + 4 <= bytes.count, bytes[position] == 0xFF {
      let marker = bytes[position + 1]
      // A marker may be padded with any number of FF bytes.
      if marker == 0xFF {
        position += 1
        continue
      }
      let length = Int(bytes[position + 2]) << 8 | Int(bytes[position + 3])
      let end = position + 2 + length
      if marker == 0xDA || length < 2 || end > bytes.count { return nil }
      if marker == 0xE1, bytes[position + 4..<end].starts(with: [0x45, 0x78, 0x69, 0x66, 0, 0]) {
        return find(inTIFF: bytes[position + 10..<end])
      }
      position = end
    }
    return nil
  }

  /// Looks the tag up in the first directory of the TIFF structure that EXIF data is.
  private static func find(inTIFF tiff: ArraySlice<UInt8>) -> EXIFOrientation? {
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

extension RGBImage {
  /// The image as `orientation` says it is to be shown.
  func turned(_ orientation: EXIFOrientation) -> RGBImage {
    let (w, h) = (width - 1, height - 1)
    return switch orientation {
    case .upright: self
    case .mirroredLeftRight: rearranged(width: width, height: height) { x, y in (w - x, y) }
    case .halfTurn: rearranged(width: width, height: height) { x, y in (w - x, h - y) }
    case .mirroredTopBottom: rearranged(width: width, height: height) { x, y in (x, h - y) }
    case .transposed: rearranged(width: height, height: width) { x, y in (y, x) }
    case .quarterTurn: rearranged(width: height, height: width) { x, y in (y, h - x) }
    case .transverse: rearranged(width: height, height: width) { x, y in (w - y, h - x) }
    case .threeQuarterTurn: rearranged(width: height, height: width) { x, y in (w - y, x) }
    }
  }

  /// An image whose pixel (x, y) is the one of this at `source(x, y)`.
  private func rearranged(width: Int, height: Int, source: (Int, Int) -> (x: Int, y: Int)) -> RGBImage {
    var result = RGBImage(width: width, height: height, color: .black)
    for y in 0..<height {
      for x in 0..<width {
        let place = source(x, y)
        result[x, y] = self[place.x, place.y]
      }
    }
    return result
  }
}
