/// The memory that coloring a photograph takes, known once the head of its file is read.
public struct PhotographMemory: Sendable, Equatable {
  /// Width and height in pixels.
  public let width: Int
  public let height: Int
  /// Bytes of the file.
  let fileByteCount: Int
  /// Bytes of a pixel as the file stores it, and in color.
  let pixelByteCount: Int
  let colorByteCount: Int

  init(width: Int, height: Int, color: RasterColor, hasAlpha: Bool, bytesPerSample: Int, fileByteCount: Int) {
    self.width = width
    self.height = height
    self.fileByteCount = fileByteCount
    let alpha = hasAlpha ? 1 : 0
    pixelByteCount = (color.rawValue + alpha) * bytesPerSample
    colorByteCount = (RasterColor.rgb.rawValue + alpha) * bytesPerSample
  }

  /// Returns the bytes that reading the photograph and writing the colored one take at most at a time. The pixels are
  /// held from the beginning to the end. While they are decoded there are the file and up to twice the pixels beside
  /// them: the coefficients of a progressive JPEG file, or the pixels before they are turned upright. What is there
  /// while the colored picture is written depends on its format.
  /// - Parameter quality: Of lossy formats, as `ImageFormat.defaultQuality`.
  public func byteCount(writtenAs format: ImageFormat, quality: Int) -> Int {
    let pixelCount = width * height
    let writing = format.codec.encoder?.pixelMemory(colorByteCount, quality) ?? 0
    return pixelCount * pixelByteCount + max(fileByteCount + 2 * pixelCount * pixelByteCount, pixelCount * writing)
  }
}
