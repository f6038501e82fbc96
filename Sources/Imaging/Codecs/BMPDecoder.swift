/// The decoder of BMP files that are not compressed: palettes of 1, 4 and 8 bits, and colors of 16, 24 and 32 bits.
enum BMPDecoder {
  /// Decodes a file in memory.
  static func decode(_ bytes: [UInt8], _ request: DecodingRequest) throws(ImageError) -> DecodedImage {
    func damaged(_ reason: String) -> ImageError {
      .damaged(path: request.name, format: ImageFormat.bmp.name, reason: reason)
    }
    guard let header = BMPHeader(bytes) else { throw damaged("its header is damaged or of an unknown kind") }
    guard header.isSupported else { throw damaged("its compression or its number of bits is not supported") }
    let raster = try Raster(
      width: header.width, height: header.height, color: .rgb, hasAlpha: header.masks[3] != 0, bytesPerSample: 1,
      for: request)
    let rowByteCount = (header.width * header.bitsPerPixel + 31) / 32 * 4
    let padding = rowByteCount - (header.width * header.bitsPerPixel + 7) / 8
    // Some programs leave out the padding of the last row.
    let found = max(0, bytes.count - header.pixelOffset + padding) / rowByteCount
    let rowCount = min(found, header.height)
    guard rowCount == header.height || header.isTopDown && rowCount > 0 else {
      throw damaged(
        "the file ends too early" + (header.isTopDown ? "" : "; its rows begin at the bottom, so the top is missing"))
    }
    for y in 0..<rowCount {
      let row = header.pixelOffset + rowByteCount * (header.isTopDown ? y : header.height - 1 - y)
      for x in 0..<header.width {
        let color = header.color(of: bytes, row: row, x: x)
        let pixel = y * raster.rowByteCount + x * raster.sampleCount
        for channel in 0..<raster.sampleCount { raster.bytes[pixel + channel] = color[channel] }
      }
    }
    let isWhole = header.pixelOffset + rowByteCount * header.height <= bytes.count
    return DecodedImage(
      raster: try raster.firstRows(rowCount, name: request.name), orientation: .upright, profile: [], pageCount: 1,
      extent: rowCount < header.height ? .rows(rowCount, of: header.height) : isWhole ? .whole : .withoutEnd,
      metadata: PictureMetadata(resolution: header.resolution))
  }
}

/// The headers of a BMP file: of the file, of the image, the masks and the palette. Numbers are little-endian.
private struct BMPHeader {
  let width: Int
  let height: Int
  /// Whether the first row of the file is the top one.
  let isTopDown: Bool
  let bitsPerPixel: Int
  let isSupported: Bool
  let pixelOffset: Int
  /// The bits of red, green, blue and alpha in pixels of 16 and 32 bits.
  let masks: [UInt32]
  let resolution: PictureMetadata.Resolution?
  private let palette: [SIMD4<UInt8>]

  init?(_ bytes: [UInt8]) {
    func number(_ offset: Int, _ byteCount: Int) -> Int? {
      guard offset >= 0, offset + byteCount <= bytes.count else { return nil }
      return bytes[offset..<offset + byteCount].reversed().reduce(0) { $0 << 8 | Int($1) }
    }
    guard let pixelOffset = number(10, 4), let headerSize = number(14, 4) else { return nil }
    // The oldest header has 16-bit sides and palettes of three bytes a color.
    let isOldest = headerSize == 12
    let sideSize = isOldest ? 2 : 4
    guard isOldest || (40...256).contains(headerSize), let width = number(18, sideSize),
      let height = number(18 + sideSize, sideSize), let bits = number(20 + 2 * sideSize, 2)
    else { return nil }
    let signedHeight = isOldest ? height : Int(Int32(truncatingIfNeeded: height))
    (self.width, self.height, isTopDown) = (width, abs(signedHeight), signedHeight < 0)
    (self.pixelOffset, bitsPerPixel) = (pixelOffset, bits)
    let compression = isOldest ? 0 : number(30, 4) ?? -1
    // 3 and 6: masks follow the first 40 bytes of the header, in it or behind it.
    let hasMasks = compression == 3 || compression == 6
    isSupported = [1, 4, 8, 16, 24, 32].contains(bits) && (compression == 0 || hasMasks && (bits == 16 || bits == 32))
    if hasMasks {
      let hasAlpha = headerSize >= 56 || compression == 6
      masks = (0..<4).map { $0 < 3 || hasAlpha ? UInt32(number(54 + 4 * $0, 4) ?? 0) : 0 }
    } else {
      masks = bits == 16 ? [0x7C00, 0x3E0, 0x1F, 0] : [0xFF_0000, 0xFF00, 0xFF, 0]
    }
    // Per meter.
    let (across, down) = isOldest ? (0, 0) : (number(38, 4) ?? 0, number(42, 4) ?? 0)
    resolution = PictureMetadata.Resolution(x: Double(across) * 0.0254, y: Double(down) * 0.0254)
    let stated = isOldest ? 0 : number(46, 4) ?? 0
    let colorCount = bits > 8 ? 0 : stated > 0 ? min(stated, 1 << bits) : 1 << bits
    palette = (0..<colorCount).map { index in
      let first = 14 + headerSize + index * (isOldest ? 3 : 4)
      func level(_ channel: Int) -> UInt8 { UInt8(number(first + channel, 1) ?? 0) }
      return SIMD4(level(2), level(1), level(0), 255)
    }
  }

  /// Returns red, green, blue and alpha of a pixel in the row that begins at `row`.
  func color(of bytes: [UInt8], row: Int, x: Int) -> SIMD4<UInt8> {
    switch bitsPerPixel {
    case 24:
      let first = row + 3 * x
      return SIMD4(bytes[first + 2], bytes[first + 1], bytes[first], 255)
    case 16, 32:
      let size = bitsPerPixel / 8
      let value = (0..<size).reduce(UInt32(0)) { $0 | UInt32(bytes[row + x * size + $1]) << (8 * UInt32($1)) }
      return SIMD4(level(value, 0), level(value, 1), level(value, 2), level(value, 3))
    default:
      let bit = x * bitsPerPixel
      let index = Int(bytes[row + bit / 8]) >> (8 - bitsPerPixel - bit % 8) & (1 << bitsPerPixel - 1)
      return index < palette.count ? palette[index] : SIMD4(0, 0, 0, 255)
    }
  }

  /// Returns a channel of a pixel's value, scaled to 8 bits.
  private func level(_ value: UInt32, _ channel: Int) -> UInt8 {
    let mask = masks[channel]
    guard mask != 0 else { return 0 }
    let highest = UInt64(mask >> UInt32(mask.trailingZeroBitCount))
    let found = UInt64((value & mask) >> UInt32(mask.trailingZeroBitCount))
    return UInt8(min(255, (found * 255 + highest / 2) / highest))
  }
}
