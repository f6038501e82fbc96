extension RGBImage {
  /// Returns the image at another size, by a triangle filter on the sRGB values: bilinear interpolation, antialiased
  /// where the image gets smaller, as Pillow's `BILINEAR`.
  public func resized(width newWidth: Int, height newHeight: Int) -> RGBImage {
    if newWidth == width && newHeight == height { return self }
    precondition(newWidth > 0 && newHeight > 0, "an image has at least one pixel")
    let columns = Self.triangleWeights(from: width, to: newWidth)
    let rows = Self.triangleWeights(from: height, to: newHeight)
    // [height, newWidth, 3]
    var narrowed = [Float](repeating: 0, count: 3 * newWidth * height)
    narrowed.withUnsafeMutableBufferPointer { narrowed in
      bytes.withUnsafeBufferPointer { bytes in
        for y in 0..<height {
          for (x, column) in columns.enumerated() {
            var (red, green, blue): (Float, Float, Float) = (0, 0, 0)
            var source = 3 * (y * width + column.first)
            for weight in column.weights {
              red += weight * Float(bytes[source])
              green += weight * Float(bytes[source + 1])
              blue += weight * Float(bytes[source + 2])
              source += 3
            }
            let target = 3 * (y * newWidth + x)
            narrowed[target] = red
            narrowed[target + 1] = green
            narrowed[target + 2] = blue
          }
        }
      }
    }
    var result = [UInt8](repeating: 0, count: 3 * newWidth * newHeight)
    for (y, row) in rows.enumerated() {
      for element in 0..<3 * newWidth {
        var sum: Float = 0
        for (step, weight) in row.weights.enumerated() {
          sum += weight * narrowed[3 * newWidth * (row.first + step) + element]
        }
        result[3 * newWidth * y + element] = UInt8(max(0, min(255, sum.rounded())))
      }
    }
    return RGBImage(width: newWidth, height: newHeight, bytes: result)
  }

  /// Returns the largest part about the center that has the aspect ratio of `width` × `height`, at that size.
  public func filled(width newWidth: Int, height newHeight: Int) -> RGBImage {
    let (cropWidth, cropHeight) = largestPart(width: newWidth, height: newHeight)
    return cropped(
      x: (width - cropWidth) / 2, y: (height - cropHeight) / 2, width: cropWidth, height: cropHeight
    ).resized(width: newWidth, height: newHeight)
  }

  /// Largest number of parts that `tiles` returns without being asked for a number.
  public static let largestTileCount = 16

  /// Returns parts of the size of the one of `filled`, at that size, evenly spaced along the side that is too long,
  /// from its start to its end. They are as few as cover the image, which may be longer than they are by a tenth of a
  /// part; where one is enough, it is that of `filled`.
  /// - Parameter givenCount: The number of parts where one is not enough; at least 2. Nil for as few as cover the
  ///   image.
  public func tiles(width newWidth: Int, height newHeight: Int, count givenCount: Int? = nil) -> [RGBImage] {
    let (partWidth, partHeight) = largestPart(width: newWidth, height: newHeight)
    let isWide = partWidth < width
    let (length, part) = isWide ? (width, partWidth) : (height, partHeight)
    // ⌈length / part − 1/10⌉
    let count = min(Self.largestTileCount, max(1, (10 * length + 9 * part - 1) / (10 * part)))
    if count == 1 { return [filled(width: newWidth, height: newHeight)] }
    return (0..<(givenCount ?? count)).map { index in
      let start = index * (length - part) / ((givenCount ?? count) - 1)
      return cropped(x: isWide ? start : 0, y: isWide ? 0 : start, width: partWidth, height: partHeight)
        .resized(width: newWidth, height: newHeight)
    }
  }

  /// Returns the size of the largest part that has the aspect ratio of `width` × `height`.
  private func largestPart(width newWidth: Int, height newHeight: Int) -> (width: Int, height: Int) {
    let isTooWide = width * newHeight > height * newWidth
    return (
      isTooWide ? max(1, (height * newWidth + newHeight / 2) / newHeight) : width,
      isTooWide ? height : max(1, (width * newHeight + newWidth / 2) / newWidth)
    )
  }

  /// Returns the part of `width` × `height` pixels whose top left corner is at (x, y). It must lie inside.
  public func cropped(x: Int, y: Int, width newWidth: Int, height newHeight: Int) -> RGBImage {
    precondition(x >= 0 && y >= 0 && x + newWidth <= width && y + newHeight <= height, "the crop lies outside")
    var part: [UInt8] = []
    part.reserveCapacity(3 * newWidth * newHeight)
    for row in y..<y + newHeight {
      let first = 3 * (row * width + x)
      part += bytes[first..<first + 3 * newWidth]
    }
    return RGBImage(width: newWidth, height: newHeight, bytes: part)
  }

  /// Returns the image with every pixel as a square of `factor` × `factor`.
  public func enlarged(by factor: Int) -> RGBImage {
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count * factor * factor)
    for y in 0..<height {
      var row: [UInt8] = []
      for first in stride(from: 3 * y * width, to: 3 * (y + 1) * width, by: 3) {
        for _ in 0..<factor { row += bytes[first..<first + 3] }
      }
      for _ in 0..<factor { result += row }
    }
    return RGBImage(width: width * factor, height: height * factor, bytes: result)
  }

  /// The weights of the old pixels in a new one, along one axis.
  struct TriangleWeights {
    /// The first old pixel of nonzero weight.
    let first: Int
    /// The weights of that pixel and the following ones; their sum is 1.
    let weights: [Float]

    /// One past the last old pixel of nonzero weight.
    var end: Int { first + weights.count }
  }

  /// Returns the weights for each of `newCount` pixels.
  static func triangleWeights(from oldCount: Int, to newCount: Int) -> [TriangleWeights] {
    let step = Double(oldCount) / Double(newCount)
    let radius = max(step, 1)
    return (0..<newCount).map { index in
      let center = (Double(index) + 0.5) * step
      let first = max(0, Int((center - radius + 0.5).rounded(.down)))
      let end = min(oldCount, Int((center + radius + 0.5).rounded(.down)))
      let weights = (first..<end).map { max(0, 1 - abs((Double($0) + 0.5 - center) / radius)) }
      let sum = weights.reduce(0, +)
      return TriangleWeights(first: first, weights: weights.map { Float($0 / sum) })
    }
  }
}
