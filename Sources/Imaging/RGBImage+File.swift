extension RGBImage {
  /// Largest image that is read unless another limit is given, in pixels: 16,384 × 8,192, or 400 MB. A few bytes can
  /// claim any size.
  public static let maximumPixelCount = 1 << 27

  /// Reads a PNG, JPEG, WebP or TIFF file as 8-bit sRGB, upright, on white where it is clear; which of them it is, its
  /// first bytes tell, not its name.
  public init(contentsOf path: String) throws(ImageError) {
    self = try Photograph(contentsOf: path).rgbImage
  }

  /// Decodes a PNG, JPEG, WebP or TIFF file in memory. Errors call it `name`.
  public init(encoded bytes: [UInt8], name: String) throws(ImageError) {
    self = try Photograph(encoded: bytes, name: name).rgbImage
  }

  /// Writes a PNG file, which appears under its name only when it is whole.
  public func writePNG(to path: String) throws(ImageError) { try write(to: path, as: .png) }

  /// Writes an image file, which appears under its name only when it is whole.
  /// - Parameter isReplacing: whether a file of that name is replaced; if not, it is an error, also where it appears while
  ///   this one is written.
  public func write(to path: String, as format: PictureFormat, isReplacing: Bool = true) throws(ImageError) {
    let output = try FileOutput(path: path)
    try write(to: output, as: format, name: path)
    try output.commit(isReplacing: isReplacing)
  }

  /// Writes an image file. Errors call it `name`.
  public func write(to output: any ImageOutput, as format: PictureFormat, name: String) throws(ImageError) {
    let encoder = try ImageEncoder(format, .init(width: width, height: height), output: output, name: name)
    try bytes.withUnsafeBufferPointer { rows throws(ImageError) in
      try encoder.write(UnsafeRawBufferPointer(rows), count: height)
    }
    try encoder.finish()
  }
}
