/// EXIF data: a TIFF structure of directories (CIPA DC-008), without the name before it.
struct EXIFData: Sendable, Equatable {
  private(set) var bytes: [UInt8]
  let isLittleEndian: Bool

  /// Nil where the bytes are no TIFF structure.
  init?(_ bytes: some Collection<UInt8>) {
    self.bytes = Array(bytes)
    isLittleEndian = self.bytes.starts(with: [0x49, 0x49])
    guard isLittleEndian || self.bytes.starts(with: [0x4D, 0x4D]), firstDirectory != nil else { return nil }
  }

  /// The orientation that the data state; nil where they state none, or are damaged.
  var orientation: EXIFOrientation? {
    firstDirectory.flatMap { entry(0x0112, in: $0) }
      .flatMap { number(at: $0 + 8, byteCount: 2) }
      .flatMap { EXIFOrientation(rawValue: UInt16($0)) }
  }

  /// The resolution that the data state; nil where they state none, or are damaged.
  var resolution: PictureMetadata.Resolution? {
    guard let first = firstDirectory else { return nil }
    func ratio(_ tag: Int) -> Double? {
      guard let entry = entry(tag, in: first), let place = number(at: entry + 8, byteCount: 4),
        let dividend = number(at: place, byteCount: 4), let divisor = number(at: place + 4, byteCount: 4), divisor > 0
      else { return nil }
      return Double(dividend) / Double(divisor)
    }
    // 2: per inch, 3: per centimeter.
    let unit = entry(0x0128, in: first).flatMap { number(at: $0 + 8, byteCount: 2) } ?? 2
    guard unit == 2 || unit == 3, let x = ratio(0x011A), let y = ratio(0x011B) else { return nil }
    let scale = unit == 2 ? 1 : 2.54
    return PictureMetadata.Resolution(x: x * scale, y: y * scale)
  }

  /// Returns the data for the upright pixels: without an orientation to apply, and without the thumbnail, which shows
  /// the picture as it was.
  /// - Parameter exchangesSides: Whether the width has become the height.
  func upright(exchangesSides: Bool) -> EXIFData {
    var result = self
    guard let first = firstDirectory, let count = number(at: first, byteCount: 2) else { return self }
    if let orientation = entry(0x0112, in: first) { result.set(1, at: orientation + 8, byteCount: 2) }
    // The offset of the thumbnail's directory follows the entries.
    result.set(0, at: first + 2 + 12 * count, byteCount: 4)
    if exchangesSides { result.exchangeSides() }
    return result
  }

  /// Returns the data for pixels of this size, which a container may have turned: with the width and the height
  /// exchanged where the data state them the other way around.
  func turned(toWidth width: Int, height: Int) -> EXIFData {
    guard width != height, let places = sides, value(at: places.width) == height, value(at: places.height) == width
    else {
      return self
    }
    var result = self
    result.exchangeSides()
    return result
  }

  /// The places of the entries of the width and the height; nil unless there are both.
  private var sides: (width: Int, height: Int)? {
    guard let first = firstDirectory, let pointer = entry(0x8769, in: first),
      let inner = number(at: pointer + 8, byteCount: 4), let width = entry(0xA002, in: inner),
      let height = entry(0xA003, in: inner)
    else { return nil }
    return (width, height)
  }

  private mutating func exchangeSides() {
    guard let (width, height) = sides else { return }
    // The type, the count and the value follow the tag.
    for byte in 2..<12 { bytes.swapAt(width + byte, height + byte) }
  }

  /// Returns the number in an entry, of 16 bits, which is the type 3, or of 32.
  private func value(at entry: Int) -> Int? {
    number(at: entry + 2, byteCount: 2).flatMap { number(at: entry + 8, byteCount: $0 == 3 ? 2 : 4) }
  }

  /// The place of the first directory.
  var firstDirectory: Int? { number(at: 4, byteCount: 4) }

  /// Returns the place of a tag's entry in a directory; nil where it is missing, or the directory is damaged.
  func entry(_ tag: Int, in directory: Int) -> Int? {
    guard let count = number(at: directory, byteCount: 2) else { return nil }
    for index in 0..<count {
      let entry = directory + 2 + 12 * index
      // All of the entry is there.
      guard entry + 12 <= bytes.count, let found = number(at: entry, byteCount: 2) else { return nil }
      if found == tag { return entry }
    }
    return nil
  }

  /// Returns an unsigned number; nil where it is not within the data.
  func number(at offset: Int, byteCount: Int) -> Int? {
    guard offset >= 0, offset + byteCount <= bytes.count else { return nil }
    let digits = bytes[offset..<offset + byteCount]
    return isLittleEndian
      ? digits.reversed().reduce(0) { $0 << 8 | Int($1) } : digits.reduce(0) { $0 << 8 | Int($1) }
  }

  private mutating func set(_ value: Int, at offset: Int, byteCount: Int) {
    guard offset >= 0, offset + byteCount <= bytes.count else { return }
    for index in 0..<byteCount {
      let shift = 8 * (isLittleEndian ? index : byteCount - 1 - index)
      bytes[offset + index] = UInt8(truncatingIfNeeded: value >> shift)
    }
  }
}
