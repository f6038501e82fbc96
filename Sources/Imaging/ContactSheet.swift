/// Images in rows and columns on one sheet, for comparing them by eye: gray | predicted | photograph.
public struct ContactSheet: Sendable {
  /// Text above each column; none leaves the strip out.
  public var headings: [String]
  /// Images from left to right, rows from top to bottom.
  public var rows: [[RGBImage]]
  /// Every pixel of an image becomes a square of this many, so that small images can be seen.
  public var scale: Int
  /// White pixels between images, and around the sheet.
  public var gap: Int

  public init(headings: [String] = [], rows: [[RGBImage]] = [], scale: Int = 1, gap: Int = 4) {
    self.headings = headings
    self.rows = rows
    self.scale = max(1, scale)
    self.gap = max(0, gap)
  }

  /// The sheet as one image. A column is as wide as its widest image or heading; a sheet without images is one pixel.
  public func rendered() -> RGBImage {
    let columnCount = max(headings.count, rows.map(\.count).max() ?? 0)
    let columnWidths = (0..<columnCount).map { column in
      let images = rows.compactMap { column < $0.count ? $0[column].width * scale : nil }
      return max(images.max() ?? 0, column < headings.count ? BitmapFont.width(of: headings[column]) : 0)
    }
    let rowHeights = rows.map { ($0.map(\.height).max() ?? 0) * scale }
    let headingHeight = headings.isEmpty ? 0 : BitmapFont.lineHeight + gap
    var sheet = RGBImage(
      width: max(1, columnWidths.reduce(gap) { $0 + $1 + gap }),
      height: max(1, rowHeights.reduce(gap + headingHeight) { $0 + $1 + gap }), color: .white)
    var left = gap
    for (column, width) in columnWidths.enumerated() {
      if column < headings.count {
        let inset = (width - BitmapFont.width(of: headings[column])) / 2
        BitmapFont.draw(headings[column], x: left + inset, y: gap, color: .black, on: &sheet)
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
}
