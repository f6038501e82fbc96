extension Raster {
  /// The pixels as `orientation` says that they are to be shown.
  func turned(_ orientation: EXIFOrientation, name: String) throws(ImageError) -> Raster {
    if orientation == .upright { return self }
    let result = try Raster(
      width: orientation.exchangesSides ? height : width, height: orientation.exchangesSides ? width : height,
      color: color, hasAlpha: hasAlpha, bytesPerSample: bytesPerSample, name: name)
    let size = sampleCount * bytesPerSample
    let row = rowByteCount
    // Where the first pixel of the result lies in this raster, and how far the next ones to the right and below are.
    let (right, bottom) = ((width - 1) * size, (height - 1) * row)
    let (origin, across, down) =
      switch orientation {
      case .upright: (0, size, row)
      case .mirroredLeftRight: (right, -size, row)
      case .halfTurn: (right + bottom, -size, -row)
      case .mirroredTopBottom: (bottom, size, -row)
      case .transposed: (0, row, size)
      case .quarterTurn: (bottom, -row, size)
      case .transverse: (right + bottom, -row, -size)
      case .threeQuarterTurn: (right, row, -size)
      }
    let (source, target) = (bytes, result.bytes)
    var position = 0
    for y in 0..<result.height {
      var from = origin + y * down
      for _ in 0..<result.width {
        for byte in 0..<size { target[position + byte] = source[from + byte] }
        position += size
        from += across
      }
    }
    return result
  }
}
