import Dispatch

extension Photograph {
  /// The photograph as 8-bit sRGB on white at another size, as `RGBImage.resized` makes it. Rows are read as they are
  /// needed, so that no copy of all of them is held.
  public func resized(width newWidth: Int, height newHeight: Int) -> RGBImage {
    let columns = RGBImage.triangleWeights(from: width, to: newWidth)
    let outputRows = RGBImage.triangleWeights(from: height, to: newHeight)
    let source = ColorRows(self)
    var result = [UInt8](repeating: 0, count: 3 * newWidth * newHeight)
    let partCount = min(newHeight, 16)
    result.withUnsafeMutableBufferPointer { result in
      // Every row is written by one thread only.
      nonisolated(unsafe) let target = UnsafeMutableBufferPointer(rebasing: result[...])
      DispatchQueue.concurrentPerform(iterations: partCount) { part in
        let range = part * newHeight / partCount..<(part + 1) * newHeight / partCount
        Self.resize(source, width: width, rows: range, outputRows, columns, into: target)
      }
    }
    return RGBImage(width: newWidth, height: newHeight, bytes: result)
  }

  /// Makes the rows `range` of the result.
  private static func resize(
    _ source: ColorRows, width: Int, rows range: Range<Int>, _ outputRows: [RGBImage.TriangleWeights],
    _ columns: [RGBImage.TriangleWeights], into result: UnsafeMutableBufferPointer<UInt8>
  ) {
    let rowCount = 3 * columns.count
    guard let first = range.first, let last = range.last else { return }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * width + rowCount + range.count * rowCount) { floats in
      let row = UnsafeMutableBufferPointer(rebasing: floats[..<(3 * width)])
      let narrowed = UnsafeMutableBufferPointer(rebasing: floats[(3 * width)..<(3 * width + rowCount)])
      let sums = UnsafeMutableBufferPointer(rebasing: floats[(3 * width + rowCount)...])
      sums.update(repeating: 0)
      /// The first row of the result that still takes from the source's rows to come.
      var open = first
      for y in outputRows[first].first..<outputRows[last].end {
        source.readEncodedOnWhite(y, into: row)
        narrow(row, columns, into: narrowed)
        while outputRows[open].end <= y { open += 1 }
        var output = open
        while output <= last, outputRows[output].first <= y {
          let weight = outputRows[output].weights[y - outputRows[output].first]
          let start = (output - first) * rowCount
          for element in 0..<rowCount { sums[start + element] += weight * narrowed[element] }
          output += 1
        }
      }
      for index in 0..<sums.count {
        result[first * rowCount + index] = UInt8(max(0, min(255, sums[index].rounded())))
      }
    }
  }

  private static func narrow(
    _ row: UnsafeMutableBufferPointer<Float>, _ columns: [RGBImage.TriangleWeights],
    into narrowed: UnsafeMutableBufferPointer<Float>
  ) {
    for (x, column) in columns.enumerated() {
      var (red, green, blue): (Float, Float, Float) = (0, 0, 0)
      var source = 3 * column.first
      for weight in column.weights {
        red += weight * row[source]
        green += weight * row[source + 1]
        blue += weight * row[source + 2]
        source += 3
      }
      narrowed[3 * x] = red
      narrowed[3 * x + 1] = green
      narrowed[3 * x + 2] = blue
    }
  }
}
