import Testing

@testable import Imaging

@Suite("GIF files")
struct GIFTests {
  private static let palette: [GIFFile.RGB] = [(10, 20, 30), (200, 100, 50), (90, 180, 250), (255, 255, 255)]
  private static let other: [GIFFile.RGB] = [(1, 2, 3), (70, 60, 50)]

  private func indices(_ width: Int, _ height: Int) -> [UInt8] {
    (0..<width * height).map { UInt8(($0 * $0 / 7 + $0) % 4) }
  }

  private func image(_ width: Int, _ height: Int, _ indices: [UInt8], _ palette: [GIFFile.RGB] = palette) -> RGBImage {
    RGBImage(
      width: width, height: height,
      bytes: indices.flatMap { (index) -> [UInt8] in
        let color: GIFFile.RGB = Int(index) < palette.count ? palette[Int(index)] : (0, 0, 0)
        return [color.red, color.green, color.blue]
      })
  }

  private func photograph(_ file: GIFFile, isPartAccepted: Bool = false) throws -> Photograph {
    try Photograph(encoded: file.bytes, name: "test.gif", isPartAccepted: isPartAccepted)
  }

  @Test("Pixels have the colors of the file's palette, or of the picture's own")
  func palettes() throws {
    let indices = indices(37, 19)
    var file = GIFFile(width: 37, height: 19, palette: Self.palette)
    file.pictures = [.init(width: 37, height: 19, indices: indices)]
    let global = try photograph(file)
    #expect(global.rgbImage == image(37, 19, indices) && !global.hasAlpha && global.remarks.isEmpty)
    file.pictures = [.init(width: 37, height: 19, indices: indices, palette: Self.other)]
    // Indices without a color are black.
    #expect(try photograph(file).rgbImage == image(37, 19, indices, Self.other))
  }

  @Test("Interlaced pictures of any height are in order", arguments: [1, 2, 3, 4, 5, 8, 9, 16, 23])
  func interlacedPictures(height: Int) throws {
    let indices = indices(11, height)
    var file = GIFFile(width: 11, height: height, palette: Self.palette)
    file.pictures = [.init(width: 11, height: height, indices: indices, isInterlaced: true)]
    #expect(try photograph(file).rgbImage == image(11, height, indices))
  }

  @Test("A transparent color, and what the picture leaves free of the screen, are transparent")
  func transparency() throws {
    let indices = indices(5, 4)
    var file = GIFFile(width: 9, height: 8, palette: Self.palette)
    file.pictures = [.init(left: 3, top: 2, width: 5, height: 4, indices: indices, transparent: 1)]
    let photograph = try photograph(file)
    #expect(photograph.width == 9 && photograph.height == 8 && photograph.hasAlpha)
    for y in 0..<8 {
      for x in 0..<9 {
        let isInside = (3..<8).contains(x) && (2..<6).contains(y)
        let index = isInside ? Int(indices[(y - 2) * 5 + x - 3]) : 1
        let pixel = Array(photograph.raster.bytes(ofRow: y)[4 * x..<4 * x + 4])
        let color = Self.palette[index]
        #expect(pixel == (index == 1 ? [0, 0, 0, 0] : [color.red, color.green, color.blue, 255]), "\(x), \(y)")
      }
    }
  }

  @Test("The screen is as large as the picture on it")
  func screenSize() throws {
    let indices = indices(5, 4)
    var file = GIFFile(width: 0, height: 0, palette: Self.palette)
    file.pictures = [.init(width: 5, height: 4, indices: indices)]
    #expect(try photograph(file).rgbImage == image(5, 4, indices))
    file.pictures = [.init(left: 2, top: 1, width: 5, height: 4, indices: indices)]
    let moved = try photograph(file)
    #expect(moved.width == 7 && moved.height == 5 && moved.hasAlpha)
    var huge = GIFFile(width: 65_535, height: 65_535, palette: Self.palette)
    huge.pictures = file.pictures
    #expect(throws: ImageError.tooLarge(path: "test.gif", width: 65_535, height: 65_535, limit: 1 << 27)) {
      try photograph(huge)
    }
  }

  @Test("Of an animation, the first picture is read with a remark")
  func animations() throws {
    let indices = indices(6, 6)
    let first = GIFFile.Picture(width: 6, height: 6, indices: indices)
    let second = GIFFile.Picture(width: 6, height: 6, indices: indices.reversed(), transparent: 0, palette: Self.other)
    var file = GIFFile(width: 6, height: 6, palette: Self.palette, pictures: [first, second, first])
    let photograph = try photograph(file)
    #expect(photograph.rgbImage == image(6, 6, indices) && !photograph.hasAlpha)
    #expect(photograph.remarks == ["only the first of its 3 pages or frames is read"])
    // Pixels are there as far as the first picture goes.
    file.pictures.removeLast(2)
    let end = file.bytes.count - 1
    file.pictures = [first, second]
    for length in end..<file.bytes.count {
      let cut = try Photograph(encoded: Array(file.bytes[..<length]), name: "cut")
      #expect(cut.rgbImage == image(6, 6, indices), "\(length)")
      #expect(cut.remarks.contains("its end is missing, but none of its pixels"), "\(length): \(cut.remarks)")
    }
  }

  @Test("Files that are cut are read as far as they go", arguments: [0, 3])
  func cutFiles(top: Int) throws {
    let (width, height) = (30, 40)
    let indices = indices(width, height)
    var file = GIFFile(width: width, height: height + top, palette: Self.palette)
    file.pictures = [.init(top: top, width: width, height: height, indices: indices)]
    let bytes = file.bytes
    let whole = try photograph(file).rgbImage
    var heights: Set<Int> = []
    for length in bytes.indices {
      let cut = Array(bytes[..<length])
      guard let part = try? Photograph(encoded: cut, name: "cut", isPartAccepted: true) else { continue }
      #expect(part.rgbImage.bytes == Array(whole.bytes.prefix(3 * width * part.height)), "\(length)")
      heights.insert(part.height)
      if part.height < height + top {
        let found = "only the first \(part.height) of \(height + top) rows are there"
        #expect(throws: ImageError.incomplete(path: "cut", format: "GIF", found: found)) {
          try Photograph(encoded: cut, name: "cut")
        }
      } else {
        let uncut = try Photograph(encoded: cut, name: "cut")
        #expect(uncut.remarks == ["its end is missing, but none of its pixels"])
      }
    }
    // A row has 34 bytes, so that none is passed over.
    #expect(heights == Set(top + 1...top + height))
  }

  @Test("Interlaced files that are cut lack detail, or rows in the first pass")
  func cutInterlacedFiles() throws {
    let (width, height) = (30, 40)
    let indices = indices(width, height)
    var file = GIFFile(width: width, height: height, palette: Self.palette)
    file.pictures = [.init(width: width, height: height, indices: indices, isInterlaced: true)]
    let bytes = file.bytes
    let whole = image(width, height, indices)
    var coarse: [Int] = []
    for length in bytes.indices {
      let cut = Array(bytes[..<length])
      guard let part = try? Photograph(encoded: cut, name: "cut", isPartAccepted: true) else { continue }
      let rows = stride(from: 0, to: 3 * width * part.height, by: 3 * width).map { first in
        Array(part.rgbImage.bytes[first..<first + 3 * width])
      }
      // The rows of the first pass, and their copies.
      for y in stride(from: 0, to: part.height, by: 8) {
        #expect(rows[y] == Array(whole.bytes[3 * width * y..<3 * width * (y + 1)]), "\(length), \(y)")
      }
      if part.height < height {
        #expect(part.height % 8 == 0 && rows[7] == rows[0])
      } else if part.remarks == ["it ends too early: all rows are there, in less detail"] {
        coarse.append(length)
      } else {
        #expect(part.rgbImage == whole)
      }
    }
    #expect(coarse.count > bytes.count / 2)
  }

  @Test("Files without a picture, colors or pixels are refused")
  func invalidFiles() {
    let empty = GIFFile(width: 5, height: 4, palette: Self.palette)
    var colorless = GIFFile(width: 5, height: 4)
    colorless.pictures = [.init(width: 5, height: 4, indices: indices(5, 4))]
    var flat = empty
    flat.pictures = [.init(width: 5, height: 0, indices: [])]
    for (file, reason) in [(empty, "no picture"), (colorless, "no colors"), (flat, "no pixels")] {
      #expect {
        try photograph(file)
      } throws: {
        guard case ImageError.damaged(_, format: "GIF", let found) = $0 else { return false }
        return found.contains(reason)
      }
    }
  }

  @Test("XMP packets are kept")
  func packets() throws {
    let packet = Array("<x:xmpmeta xmlns:x=\"adobe:ns:meta/\">Ärger</x:xmpmeta>".utf8)
    var file = GIFFile(width: 5, height: 4, palette: Self.palette, extra: GIFFile.packet("XMP DataXMP", packet))
    file.pictures = [.init(width: 5, height: 4, indices: indices(5, 4))]
    #expect(try photograph(file).metadata == PictureMetadata(xmp: packet))
    file.extra = GIFFile.packet("NETSCAPE2.0", packet)
    #expect(try photograph(file).metadata == PictureMetadata())
  }

  @Test("Damaged files are safe", arguments: [false, true])
  func damagedFilesAreSafe(isInterlaced: Bool) throws {
    var file = GIFFile(
      width: 12, height: 10, palette: Self.palette, extra: GIFFile.packet("XMP DataXMP", [0x3C, 0x3E]))
    file.pictures = [
      .init(left: 1, width: 9, height: 10, indices: indices(9, 10), transparent: 2, isInterlaced: isInterlaced),
      .init(width: 3, height: 3, indices: indices(3, 3), palette: Self.other),
    ]
    DamagedFiles.expectSafety(
      of: file.bytes, named: "damaged", isPartAccepted: true, values: { [0x00, 0x7F, 0xFF, $0 ^ 1, $0 &+ 1] })
  }
}
