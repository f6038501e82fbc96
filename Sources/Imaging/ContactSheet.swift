/// Images in rows and columns on one sheet, for comparing them by eye: gray | predicted | photograph.
public struct ContactSheet: Sendable {
  /// Text above each column; none leaves the strip out.
  public var headings: [String]
  /// Text beside each row; none leaves the strip out.
  public var labels: [String]
  /// Images from left to right, rows from top to bottom.
  public var rows: [[RGBImage]]
  /// Every pixel of an image becomes a square of this many, so that small images can be seen.
  public var scale: Int
  /// White pixels between images, and around the sheet.
  public var gap: Int
  /// Every dot of a letter becomes a square of this many pixels.
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

  /// The sheet as one image. A column is as wide as its widest image or heading; a sheet without images is one pixel.
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

  /// Each label stands in the middle of its row's height.
  private func drawLabels(_ rowHeights: [Int], top: Int, on sheet: inout RGBImage) {
    var top = top
    for (label, height) in zip(labels, rowHeights) {
      let inset = (height - BitmapFont.lineHeight * textScale) / 2
      BitmapFont.draw(label, x: gap, y: top + inset, scale: textScale, color: .black, on: &sheet)
      top += height + gap
    }
  }
}
