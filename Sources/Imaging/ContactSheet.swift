/// Images in rows and columns on one sheet, for visual comparison: gray | predicted | photograph.
public struct ContactSheet: Sendable {
  /// Text above each column; empty for no strip of headings.
  public var headings: [String]
  /// Text beside each row; empty for no strip of labels.
  public var labels: [String]
  /// Images from left to right, rows from top to bottom.
  public var rows: [[RGBImage]]
  /// Side of the square that is drawn for each pixel of an image.
  public var scale: Int
  /// Number of white pixels between images and around the sheet.
  public var gap: Int
  /// Side of the square that is drawn for each dot of a letter.
  public var textScale: Int

  public init(
    headings: [String] = [], labels: [String] = [], rows: [[RGBImage]] = [], scale: Int = 1, gap: Int = 4,
    textScale: Int = 1
  ) {
    self.headings = headings
    self.labels = labels
    self.rows = rows
    self.scale = max(1, scale)
    self.gap = max(0, gap)
    self.textScale = max(1, textScale)
  }

  /// Returns the sheet as one image. A column is as wide as its widest image or heading; an empty sheet has one pixel.
  public func rendered() -> RGBImage {
    let columnCount = max(headings.count, rows.map(\.count).max() ?? 0)
    let columnWidths = (0..<columnCount).map { column in
      let images = rows.compactMap { column < $0.count ? $0[column].width * scale : nil }
      return max(images.max() ?? 0, column < headings.count ? textWidth(of: headings[column]) : 0)
    }
    let labelWidth = labels.isEmpty ? 0 : (labels.map(textWidth).max() ?? 0) + gap
    let rowHeights = rows.map { ($0.map(\.height).max() ?? 0) * scale }
    let headingHeight = headings.isEmpty ? 0 : BitmapFont.lineHeight * textScale + gap
    var sheet = RGBImage(
      width: max(1, columnWidths.reduce(gap + labelWidth) { $0 + $1 + gap }),
      height: max(1, rowHeights.reduce(gap + headingHeight) { $0 + $1 + gap }), color: .white)
    drawLabels(rowHeights, top: gap + headingHeight, on: &sheet)
    var left = gap + labelWidth
    for (column, width) in columnWidths.enumerated() {
      if column < headings.count {
        let inset = (width - textWidth(of: headings[column])) / 2
        BitmapFont.draw(headings[column], x: left + inset, y: gap, scale: textScale, color: .black, on: &sheet)
      }
      var top = gap + headingHeight
      for (row, height) in zip(rows, rowHeights) {
        if column < row.count {
          let image = row[column].enlarged(by: scale)
          sheet.paste(image, x: left + (width - image.width) / 2, y: top)
        }
        top += height + gap
      }
      left += width + gap
    }
    return sheet
  }

  private func textWidth(of text: String) -> Int { BitmapFont.width(of: text) * textScale }

  /// Draws each label in the middle of its row's height.
  private func drawLabels(_ rowHeights: [Int], top: Int, on sheet: inout RGBImage) {
    var top = top
    for (label, height) in zip(labels, rowHeights) {
      let inset = (height - BitmapFont.lineHeight * textScale) / 2
      BitmapFont.draw(label, x: gap, y: top + inset, scale: textScale, color: .black, on: &sheet)
      top += height + gap
    }
  }
}

/// The 5 × 7 dot-matrix letters of character displays, with an eighth row for descenders.
enum BitmapFont {
  /// Height of a line of text in dots.
  static let lineHeight = 8
  /// Distance from one letter to the next in dots.
  private static let advance = 6

  /// Returns the width of `text` in dots.
  static func width(of text: String) -> Int { max(0, text.unicodeScalars.count * advance - 1) }

  /// Draws `text` with its top left corner at (x, y), each dot as a square of side `scale`, clipped to `image`.
  static func draw(_ text: String, x: Int, y: Int, scale: Int, color: RGBColor, on image: inout RGBImage) {
    for (index, scalar) in text.unicodeScalars.enumerated() {
      let glyph = glyph(of: scalar)
      for column in 0..<5 {
        for row in 0..<8 where glyph >> (8 * (4 - column) + row) & 1 == 1 {
          let (left, top) = (x + (index * advance + column) * scale, y + row * scale)
          fill(left, top, scale, color, on: &image)
        }
      }
    }
  }

  /// Fills a square with its top left corner at (left, top), clipped to `image`.
  private static func fill(_ left: Int, _ top: Int, _ side: Int, _ color: RGBColor, on image: inout RGBImage) {
    for y in max(top, 0)..<max(top, 0, min(top + side, image.height)) {
      for x in max(left, 0)..<max(left, 0, min(left + side, image.width)) { image[x, y] = color }
    }
  }

  /// Returns five bytes, one per column from the left; the lowest bit is the top row. Characters outside printable
  /// ASCII become a question mark.
  private static func glyph(of scalar: Unicode.Scalar) -> UInt64 {
    (0x20...0x7E).contains(scalar.value) ? glyphs[Int(scalar.value) - 0x20] : glyphs[0x1F]
  }

  /// The glyphs from the space to the tilde.
  private static let glyphs: [UInt64] = [
    0x0000000000, 0x00005F0000, 0x0007000700, 0x147F147F14, 0x242A7F2A12, 0x2313086462, 0x3649562050, 0x0008070300,
    0x001C224100, 0x0041221C00, 0x2A1C7F1C2A, 0x08083E0808, 0x0080703000, 0x0808080808, 0x0000606000, 0x2010080402,
    0x3E5149453E, 0x00427F4000, 0x7249494946, 0x2141494D33, 0x1814127F10, 0x2745454539, 0x3C4A494931, 0x4121110907,
    0x3649494936, 0x464949291E, 0x0000140000, 0x0040340000, 0x0008142241, 0x1414141414, 0x0041221408, 0x0201590906,
    0x3E415D594E, 0x7C1211127C, 0x7F49494936, 0x3E41414122, 0x7F4141413E, 0x7F49494941, 0x7F09090901, 0x3E41415173,
    0x7F0808087F, 0x00417F4100, 0x2040413F01, 0x7F08142241, 0x7F40404040, 0x7F021C027F, 0x7F0408107F, 0x3E4141413E,
    0x7F09090906, 0x3E4151215E, 0x7F09192946, 0x2649494932, 0x03017F0103, 0x3F4040403F, 0x1F2040201F, 0x3F4038403F,
    0x6314081463, 0x0304780403, 0x6159494D43, 0x007F414141, 0x0204081020, 0x004141417F, 0x0402010204, 0x4040404040,
    0x0003070800, 0x2054547840, 0x7F28444438, 0x3844444428, 0x384444287F, 0x3854545418, 0x00087E0902, 0x18A4A49C78,
    0x7F08040478, 0x00447D4000, 0x2040403D00, 0x7F10284400, 0x00417F4000, 0x7C04780478, 0x7C08040478, 0x3844444438,
    0xFC18242418, 0x18242418FC, 0x7C08040408, 0x4854545424, 0x04043F4424, 0x3C4040207C, 0x1C2040201C, 0x3C4030403C,
    0x4428102844, 0x4C9090907C, 0x4464544C44, 0x0008364100, 0x0000770000, 0x0041360800, 0x0201020402,
  ]
}
