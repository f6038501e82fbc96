import Glibc

/// What the samples of a pixel mean. The raw value is their number, without alpha.
enum RasterColor: Int {
  case gray = 1
  case rgb = 3
  /// Amounts of ink: cyan, magenta, yellow, black.
  case cmyk = 4
}

/// Pixels as their file has them: `[height, width, sampleCount]` of 8 or 16 bits, alpha last where there is one.
///
/// Memory of its own and not an array, so that as much as a file claims can be refused where it is not to be had.
/// `@unchecked Sendable`: a decoder fills it before anybody else sees it; after that it is only read.
final class Raster: @unchecked Sendable {
  let width: Int
  let height: Int
  let color: RasterColor
  let hasAlpha: Bool
  /// 1, or 2 in the machine's byte order.
  let bytesPerSample: Int
  let bytes: UnsafeMutableRawBufferPointer

  var sampleCount: Int { color.rawValue + (hasAlpha ? 1 : 0) }
  var rowByteCount: Int { width * sampleCount * bytesPerSample }

  /// Pixels of a side at most, which is libpng's own limit: what scaling keeps for every row and column stays small.
  private static let sideLimit = 1_000_000

  /// All samples zero.
  /// - Throws: `tooLarge` where there are more than `pixelLimit` pixels; `badSize` where there are none, or a side is too
  ///   long; `noMemory`.
  init(
    width: Int, height: Int, color: RasterColor, hasAlpha: Bool, bytesPerSample: Int, name: String,
    pixelLimit: Int = .max
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

  /// The samples of row `y`, which must be of 8 bits.
  func bytes(ofRow y: Int) -> UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(rebasing: samples(UInt8.self, ofRow: y))
  }

  /// The samples of row `y`, which must be of 16 bits.
  func words(ofRow y: Int) -> UnsafeBufferPointer<UInt16> {
    UnsafeBufferPointer(rebasing: samples(UInt16.self, ofRow: y))
  }

  private func samples<Sample>(_ type: Sample.Type, ofRow y: Int) -> Slice<UnsafeBufferPointer<Sample>> {
    let all = UnsafeBufferPointer(bytes.bindMemory(to: Sample.self))
    return all[y * width * sampleCount..<(y + 1) * width * sampleCount]
  }
}
