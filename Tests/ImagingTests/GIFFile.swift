/// A GIF file of one picture or several, assembled byte by byte so that it may be invalid.
struct GIFFile {
  /// A picture on the screen.
  struct Picture {
    var left = 0
    var top = 0
    let width: Int
    let height: Int
    /// An index of the palette for each pixel, from the top to the bottom.
    let indices: [UInt8]
    /// The index that is transparent.
    var transparent: UInt8?
    var isInterlaced = false
    /// Colors of the picture alone, of which there are a power of two.
    var palette: [RGB] = []
  }

  typealias RGB = (red: UInt8, green: UInt8, blue: UInt8)

  let width: Int
  let height: Int
  /// Colors of all pictures, of which there are a power of two.
  var palette: [RGB] = []
  /// Complete blocks before the first picture.
  var extra: [UInt8] = []
  var pictures: [Picture] = []

  var bytes: [UInt8] {
    Array("GIF89a".utf8) + Self.number(width) + Self.number(height) + [Self.flags(of: palette), 0, 0]
      + Self.colors(palette) + extra + pictures.flatMap(Self.bytes) + [0x3B]
  }

  /// Returns an application's extension with data that are not divided into blocks, as those of XMP.
  static func packet(_ name: String, _ data: [UInt8]) -> [UInt8] {
    let trailer: [UInt8] = [1] + (1...255).reversed().map { UInt8($0) } + [0, 0]
    return [0x21, 0xFF, 11] + Array(name.utf8) + data + trailer
  }

  private static func bytes(of picture: Picture) -> [UInt8] {
    let control: [UInt8] = picture.transparent.map { [0x21, 0xF9, 4, 1, 0, 0, $0, 0] } ?? []
    var place: [UInt8] = [0x2C]
    for value in [picture.left, picture.top, picture.width, picture.height] { place += number(value) }
    place.append(flags(of: picture.palette) | (picture.isInterlaced ? 0x40 : 0))
    let rows =
      picture.isInterlaced
      ? [(0, 8), (4, 8), (2, 4), (1, 2)].flatMap { Array(stride(from: $0, to: picture.height, by: $1)) }
      : Array(0..<picture.height)
    let indices = rows.flatMap { picture.indices[$0 * picture.width..<($0 + 1) * picture.width] }
    return control + place + colors(picture.palette) + [8] + blocks(codes(indices))
  }

  private static func number(_ value: Int) -> [UInt8] { [UInt8(value & 255), UInt8(value >> 8)] }

  private static func flags(of palette: [RGB]) -> UInt8 {
    palette.isEmpty ? 0 : 0x80 | UInt8(palette.count.trailingZeroBitCount - 1)
  }

  private static func colors(_ palette: [RGB]) -> [UInt8] { palette.flatMap { [$0.red, $0.green, $0.blue] } }

  /// Returns codes of nine bits, one for each index: the table is cleared before codes of ten bits are due.
  private static func codes(_ indices: [UInt8]) -> [UInt8] {
    var codes: [Int] = []
    for (place, index) in indices.enumerated() {
      if place % 250 == 0 { codes.append(256) }
      codes.append(Int(index))
    }
    codes.append(257)
    var bytes: [UInt8] = []
    var (bits, bitCount) = (0, 0)
    for code in codes {
      bits |= code << bitCount
      bitCount += 9
      while bitCount >= 8 {
        bytes.append(UInt8(bits & 255))
        bits >>= 8
        bitCount -= 8
      }
    }
    return bitCount > 0 ? bytes + [UInt8(bits)] : bytes
  }

  private static func blocks(_ bytes: [UInt8]) -> [UInt8] {
    stride(from: 0, to: bytes.count, by: 255).flatMap { first in
      let block = bytes[first..<min(first + 255, bytes.count)]
      return [UInt8(block.count)] + block
    } + [0]
  }
}
