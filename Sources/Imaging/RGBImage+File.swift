import Files

extension RGBImage {
  /// Largest image that is read, in pixels: 16,384 × 8,192, or 400 MB. A few bytes can claim any size.
  public static let maximumPixelCount = 1 << 27

  /// Reads a PNG or a JPEG file; which of them it is, its first bytes tell, not its name.
  public init(contentsOf path: String) throws(ImageError) {
    let bytes: [UInt8]
    do {
      bytes = try readFile(path, limit: 1 << 30)
    } catch {
      throw .file(error)
    }
    try self.init(encoded: bytes, name: path)
  }

  /// Decodes a PNG or a JPEG file in memory. Errors call it `name`.
  public init(encoded bytes: [UInt8], name: String) throws(ImageError) {
    if PNG.isSignature(bytes) {
      self = try PNG.decode(bytes, name: name)
    } else if JPEG.isSignature(bytes) {
      self = try JPEG.decode(bytes, name: name)
    } else {
      throw .unknownFormat(path: name)
    }
  }

  /// Writes a PNG file, which appears under its name only when it is whole.
  public func writePNG(to path: String) throws(ImageError) {
    let bytes = try PNG.encode(self, name: path)
    do {
      try AtomicFile.write(bytes, to: path)
    } catch {
      throw .file(error)
    }
  }
}
