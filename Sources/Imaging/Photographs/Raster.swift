import Glibc

/// The color model of a raster. The raw value is the number of samples per pixel, without alpha.
enum RasterColor: Int {
  case gray = 1
  case rgb = 3
  /// Amounts of ink: cyan, magenta, yellow, black.
  case cmyk = 4
}

/// Pixels as their file stores them: `[height, width, sampleCount]` of 8 or 16 bits; alpha, where there is one, is
/// last.
///
/// The memory is not an array's, so that a failed allocation is an error: a file may claim any size.
/// `@unchecked Sendable`: a decoder fills it before it is shared; after that it is only read.
final class Raster: @unchecked Sendable {
  let width: Int
  let height: Int
  let color: RasterColor
  let hasAlpha: Bool
  /// 1, or 2 in the native byte order.
  let bytesPerSample: Int
  let bytes: UnsafeMutableRawBufferPointer

  var sampleCount: Int { color.rawValue + (hasAlpha ? 1 : 0) }
  var rowByteCount: Int { width * sampleCount * bytesPerSample }

  /// Largest width and height, which is libpng's default limit: bounds the memory that resizing needs per row and
  /// column.
  private static let sideLimit = 1_000_000

  /// Creates a raster for the pixels of a file, whose head is read.
  /// - Throws: As the other initializer.
  convenience init(
    width: Int, height: Int, color: RasterColor, hasAlpha: Bool, bytesPerSample: Int, for request: DecodingRequest
  ) throws(ImageError) {
    try self.init(
      width: width, height: height, color: color, hasAlpha: hasAlpha, bytesPerSample: bytesPerSample,
      name: request.name, pixelLimit: request.pixelLimit
    ) {
      request.admit(
        PhotographMemory(
          width: width, height: height, color: color, hasAlpha: hasAlpha, bytesPerSample: bytesPerSample,
          fileByteCount: request.fileByteCount))
    }
  }

  /// Creates a raster whose samples are zero.
  /// - Parameter admit: Called before memory is allocated.
  /// - Throws: `tooLarge` where there are more than `pixelLimit` pixels; `badSize` where there are none, or a side is
  ///   too long; `noMemory`.
  init(
    width: Int, height: Int, color: RasterColor, hasAlpha: Bool, bytesPerSample: Int, name: String,
    pixelLimit: Int = .max, admit: () -> Void = {}
  ) throws(ImageError) {
    guard width > 0, height > 0 else {
      throw .badSize(path: name, reason: "it has no pixels")
    }
    let (pixelCount, isOverflow) = width.multipliedReportingOverflow(by: height)
    guard !isOverflow, pixelCount <= pixelLimit else {
      throw .tooLarge(path: name, width: width, height: height, limit: pixelLimit)
    }
    guard max(width, height) <= Self.sideLimit else {
      throw .badSize(path: name, reason: "a side has more than \(Self.sideLimit) pixels")
    }
    admit()
    let pixelByteCount = (color.rawValue + (hasAlpha ? 1 : 0)) * bytesPerSample
    guard let memory = calloc(pixelCount, pixelByteCount) else {
      throw .noMemory(path: name, width: width, height: height)
    }
    self.width = width
    self.height = height
    self.color = color
    self.hasAlpha = hasAlpha
    self.bytesPerSample = bytesPerSample
    bytes = UnsafeMutableRawBufferPointer(start: memory, count: pixelCount * pixelByteCount)
  }

  deinit { free(bytes.baseAddress) }

  /// Returns the 8-bit samples of row `y`.
  func bytes(ofRow y: Int) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(rebasing: samples(UInt8.self, ofRow: y))
  }

  /// Returns the 16-bit samples of row `y`.
  func words(ofRow y: Int) -> UnsafeBufferPointer<UInt16> {
    UnsafeBufferPointer(rebasing: samples(UInt16.self, ofRow: y))
  }

  private func samples<Sample>(_ type: Sample.Type, ofRow y: Int) -> Slice<UnsafeBufferPointer<Sample>> {
    let all = UnsafeBufferPointer(bytes.bindMemory(to: Sample.self))
    return all[y * width * sampleCount..<(y + 1) * width * sampleCount]
  }
}

extension Raster {
  /// Returns the first `count` rows.
  func firstRows(_ count: Int, name: String) throws(ImageError) -> Raster {
    guard count < height else { return self }
    let result = try Raster(
      width: width, height: count, color: color, hasAlpha: hasAlpha, bytesPerSample: bytesPerSample, name: name)
    result.bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[..<result.bytes.count]))
    return result
  }

  /// Returns the upright pixels of an image that is stored with an orientation.
  func upright(from orientation: EXIFOrientation, name: String) throws(ImageError) -> Raster {
    if orientation == .upright { return self }
    let result = try Raster(
      width: orientation.exchangesSides ? height : width, height: orientation.exchangesSides ? width : height,
      color: color, hasAlpha: hasAlpha, bytesPerSample: bytesPerSample, name: name)
    let size = sampleCount * bytesPerSample
    let row = rowByteCount
    // The place in this raster of the result's first pixel, and the distances to its neighbors to the right and below.
    let (right, bottom) = ((width - 1) * size, (height - 1) * row)
    let (origin, across, down) =
      switch orientation {
      case .upright: (0, size, row)
      case .flippedHorizontally: (right, -size, row)
      case .halfTurn: (right + bottom, -size, -row)
      case .flippedVertically: (bottom, size, -row)
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

extension Raster {
  /// Converts premultiplied colors to straight ones.
  func divideByAlpha() {
    guard hasAlpha else { return }
    if bytesPerSample == 1 {
      divideByAlpha(bytes.bindMemory(to: UInt8.self))
    } else {
      divideByAlpha(bytes.bindMemory(to: UInt16.self))
    }
  }

  private func divideByAlpha<Sample: FixedWidthInteger>(_ samples: UnsafeMutableBufferPointer<Sample>) {
    let (step, highest) = (sampleCount, Int(Sample.max))
    for pixel in stride(from: 0, to: samples.count, by: step) {
      let alpha = Int(samples[pixel + step - 1])
      guard alpha > 0, alpha < highest else { continue }
      for channel in pixel..<pixel + step - 1 {
        samples[channel] = Sample(min(highest, (Int(samples[channel]) * highest + alpha / 2) / alpha))
      }
    }
  }
}
