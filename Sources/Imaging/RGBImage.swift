/// A color in sRGB with 8 bits per channel.
public struct RGBColor: Sendable, Hashable {
  public var red: UInt8
  public var green: UInt8
  public var blue: UInt8

  public init(red: UInt8, green: UInt8, blue: UInt8) {
    self.red = red
    self.green = green
    self.blue = blue
  }

  public static let black = RGBColor(red: 0, green: 0, blue: 0)
  public static let white = RGBColor(red: 255, green: 255, blue: 255)
}

/// A color image in sRGB with 8 bits per channel, in memory.
public struct RGBImage: Sendable, Equatable, WritableImage {
  /// Width in pixels, at least 1.
  public let width: Int
  /// Height in pixels, at least 1.
  public let height: Int
  /// Red, green and blue of each pixel, top row first: `[height, width, 3]`.
  public var bytes: [UInt8]

  /// Creates an image of `bytes`, `[height, width, 3]`; their number must be 3 · width · height.
  public init(width: Int, height: Int, bytes: [UInt8]) {
    precondition(width > 0 && height > 0 && bytes.count == 3 * width * height, "bytes are not [height, width, 3]")
    self.width = width
    self.height = height
    self.bytes = bytes
  }

  /// Creates an image of one color.
  public init(width: Int, height: Int, color: RGBColor) {
    var bytes = [UInt8](repeating: 0, count: 3 * width * height)
    for pixel in 0..<width * height {
      bytes[3 * pixel] = color.red
      bytes[3 * pixel + 1] = color.green
      bytes[3 * pixel + 2] = color.blue
    }
    self.init(width: width, height: height, bytes: bytes)
  }

  /// Creates an image of values, `[height, width, 3]`, such as a network's output: each byte is 255 · (value · scale +
  /// shift), rounded and clamped to 0...255. NaN becomes 0.
  public init(width: Int, height: Int, values: some Collection<Float>, scale: Float = 1, shift: Float = 0) {
    self.init(
      width: width, height: height,
      bytes: values.map { value in
        let level = 255 * (value * scale + shift)
        return level > 0 ? UInt8(min(level, 255).rounded()) : 0
      })
  }

  /// The color of the pixel at (x, y).
  public subscript(x: Int, y: Int) -> RGBColor {
    get {
      let first = 3 * (y * width + x)
      return RGBColor(red: bytes[first], green: bytes[first + 1], blue: bytes[first + 2])
    }
    set {
      let first = 3 * (y * width + x)
      bytes[first] = newValue.red
      bytes[first + 1] = newValue.green
      bytes[first + 2] = newValue.blue
    }
  }

  /// The gray copy: the rounded mean of red, green and blue in all three channels.
  public var gray: RGBImage {
    var copy = self
    for first in stride(from: 0, to: bytes.count, by: 3) {
      let sum = Int(bytes[first]) + Int(bytes[first + 1]) + Int(bytes[first + 2])
      let mean = UInt8((2 * sum + 3) / 6)
      copy.bytes[first] = mean
      copy.bytes[first + 1] = mean
      copy.bytes[first + 2] = mean
    }
    return copy
  }

  /// The copy without chroma: gray of the same luminance and L* in all three channels, rounded. Unlike in `gray`, light
  /// and dark stay as they are seen.
  public var withoutChroma: RGBImage {
    var copy = self
    for first in stride(from: 0, to: bytes.count, by: 3) {
      let luminance = CIELAB.luminance(
        SIMD3(
          SRGB.linearOfBytes[Int(bytes[first])], SRGB.linearOfBytes[Int(bytes[first + 1])],
          SRGB.linearOfBytes[Int(bytes[first + 2])]))
      let level = UInt8((255 * SRGB.encoded(min(luminance, 1))).rounded())
      for channel in first..<first + 3 { copy.bytes[channel] = level }
    }
    return copy
  }

  /// Copies `image` into this one with its top left corner at (x, y). It must fit.
  public mutating func paste(_ image: RGBImage, x: Int, y: Int) {
    precondition(x >= 0 && y >= 0 && x + image.width <= width && y + image.height <= height, "the image does not fit")
    for row in 0..<image.height {
      let target = 3 * ((y + row) * width + x)
      let source = 3 * row * image.width
      bytes.replaceSubrange(
        target..<target + 3 * image.width, with: image.bytes[source..<source + 3 * image.width])
    }
  }
}

extension RGBImage {
  /// Default limit of the number of pixels of an image that is read: 16,384 × 8,192, or 400 MB. A file of a few bytes
  /// may claim any size.
  public static let maximumPixelCount = 1 << 27

  /// Reads an image file as 8-bit sRGB, upright, on white where it is transparent. Its first bytes,
  /// and not its name, decide the format.
  public init(contentsOf path: String) throws(ImageError) {
    self = try Photograph(contentsOf: path).rgbImage
  }

  /// Decodes an image file in memory. Errors call it `name`.
  public init(encoded bytes: [UInt8], name: String) throws(ImageError) {
    self = try Photograph(encoded: bytes, name: name).rgbImage
  }

  /// Writes a PNG file, which appears under its name only when it is complete.
  public func writePNG(to path: String) throws(ImageError) { try write(to: path, as: .png) }

  /// Writes an image file. Errors call it `name`.
  public func write(
    to output: any ImageOutput, as format: ImageFormat, quality: Int = ImageFormat.defaultQuality,
    compression: Compression = Compression(), name: String
  ) throws(ImageError) {
    let encoder = try ImageEncoder(
      format, quality: quality, compression: compression, .init(width: width, height: height), output: output,
      name: name)
    try bytes.withUnsafeBufferPointer { rows throws(ImageError) in
      try encoder.write(UnsafeRawBufferPointer(rows), count: height)
    }
    try encoder.finish()
  }

  /// Returns the image as a PNG file in memory. Errors call it `name`.
  public func png(name: String = "image") throws(ImageError) -> [UInt8] {
    let output = MemoryOutput()
    try write(to: output, as: .png, name: name)
    return output.bytes
  }
}
