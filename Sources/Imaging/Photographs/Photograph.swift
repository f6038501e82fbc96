import Files

/// A picture as its file has it: gray, RGB or CMYK of 8 or 16 bits, with its alpha and its color profile, upright.
public struct Photograph: Sendable {
  let raster: Raster
  /// What the numbers mean; nil for sRGB, gray with sRGB's curve, or ink that nothing is known about.
  let profile: ColorProfile?
  /// What a person should know who asked for this picture: one line each, without the file's name.
  public let remarks: [String]

  public var width: Int { raster.width }
  public var height: Int { raster.height }
  /// Whether parts of it are clear, or could be.
  public var hasAlpha: Bool { raster.hasAlpha }
  /// 8 or 16.
  public var bitsPerSample: Int { 8 * raster.bytesPerSample }

  /// Largest file that is read, in bytes.
  private static let fileSizeLimit = 2 << 30

  /// Reads a PNG, JPEG, WebP or TIFF file; which of them it is, its first bytes tell, not its name.
  /// - Parameter pixelLimit: a larger picture is an error, found before memory is taken for it.
  public init(contentsOf path: String, pixelLimit: Int = RGBImage.maximumPixelCount) throws(ImageError) {
    let file: FileDescriptor
    do {
      file = try FileDescriptor(readingOrdinaryFile: path)
    } catch {
      throw .file(error)
    }
    try self.init(reading: file, name: path, pixelLimit: pixelLimit)
  }

  /// Reads a picture from where an open file is to its end, which may be that of a pipe. Errors call it `name`.
  public init(
    reading file: borrowing FileDescriptor, name: String, pixelLimit: Int = RGBImage.maximumPixelCount
  ) throws(ImageError) {
    var bytes = [UInt8](repeating: 0, count: ImageFormat.signatureByteCount)
    do throws(FileError) {
      let count = try bytes.withUnsafeMutableBufferPointer { bytes throws(FileError) in
        try file.fill(UnsafeMutableRawBufferPointer(bytes))
      }
      bytes.removeLast(bytes.count - count)
      // What is no image need not be read to its end.
      if ImageFormat(signature: bytes) != nil {
        bytes = try file.readToEnd(after: bytes, limit: Self.fileSizeLimit)
      }
    } catch {
      throw .file(error)
    }
    try self.init(encoded: bytes, name: name, pixelLimit: pixelLimit)
  }

  /// Decodes a PNG, JPEG, WebP or TIFF file in memory. Errors call it `name`.
  public init(
    encoded bytes: [UInt8], name: String, pixelLimit: Int = RGBImage.maximumPixelCount
  ) throws(ImageError) {
    let image: DecodedImage
    switch ImageFormat(signature: bytes) {
    case .png: image = try LibraryDecoder.png.decode(bytes, name: name, pixelLimit: pixelLimit)
    case .jpeg: image = try LibraryDecoder.jpeg.decode(bytes, name: name, pixelLimit: pixelLimit)
    case .tiff: image = try LibraryDecoder.tiff.decode(bytes, name: name, pixelLimit: pixelLimit)
    case .webp: image = try WebPDecoder.decode(bytes, name: name, pixelLimit: pixelLimit)
    case nil: throw .unknownFormat(path: name)
    }
    var remarks: [String] = []
    if image.pageCount > 1 { remarks.append("only the first of its \(image.pageCount) pages or frames is read") }
    if image.profile.isEmpty {
      profile = image.primaries.flatMap { ColorProfile($0, color: image.raster.color) }
    } else if let profile = ColorProfile(icc: image.profile), profile.color == image.raster.color {
      self.profile = profile
    } else {
      profile = nil
      remarks.append("its color profile is damaged or of another color space, and is passed over")
    }
    raster = try image.raster.turned(image.orientation, name: name)
    self.remarks = remarks
  }

  /// As 8-bit sRGB on white.
  public var rgbImage: RGBImage {
    let rows = ColorRows(self)
    var bytes = [UInt8](repeating: 0, count: 3 * width * height)
    bytes.withUnsafeMutableBufferPointer { bytes in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: 3 * width) { row in
        for y in 0..<height {
          rows.readEncodedOnWhite(y, into: row)
          for index in 0..<row.count {
            bytes[y * row.count + index] = UInt8(min(max(row[index], 0), 255).rounded())
          }
        }
      }
    }
    return RGBImage(width: width, height: height, bytes: bytes)
  }
}
