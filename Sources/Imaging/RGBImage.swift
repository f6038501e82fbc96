/// A color image of 8 bits a channel in sRGB, held in memory.
public struct RGBImage: Sendable, Equatable {
  /// Pixels in a row; at least 1.
  public let width: Int
  /// Rows; at least 1.
  public let height: Int
  /// Red, green, blue of each pixel, row by row from the top: `[height, width, 3]`.
  public var bytes: [UInt8]

  /// An image of `bytes`, `[height, width, 3]`; their number must be 3 · width · height.
  public init(width: Int, height: Int, bytes: [UInt8]) {
    precondition(width > 0 && height > 0 && bytes.count == 3 * width * height, "bytes are not [height, width, 3]")
    self.width = width
    self.height = height
    self.bytes = bytes
  }

  /// An image of one color.
  public init(width: Int, height: Int, color: RGBColor) {
    var bytes = [UInt8](repeating: 0, count: 3 * width * height)
    for pixel in 0..<width * height {
      bytes[3 * pixel] = color.red
      bytes[3 * pixel + 1] = color.green
      bytes[3 * pixel + 2] = color.blue
    }
    self.init(width: width, height: height, bytes: bytes)
  }

  /// An image of numbers, `[height, width, 3]`, such as a network's output: each byte is 255 · (value · scale + shift),
  /// rounded and held within 0...255. Numbers that are not numbers become 0.
  public init(width: Int, height: Int, values: some Collection<Float>, scale: Float = 1, shift: Float = 0) {
    self.init(
      width: width, height: height,
      bytes: values.map { value in
        let level = 255 * (value * scale + shift)
        return level > 0 ? UInt8(min(level, 255).rounded()) : 0
      })
  }

  /// The color at a place.
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

  /// The gray copy: the mean of red, green and blue, rounded, in all three channels.
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

  /// Copies `image` into this one with its top left corner at (x, y). It must lie inside.
  public mutating func paste(_ image: RGBImage, x: Int, y: Int) {
    precondition(x >= 0 && y >= 0 && x + image.width <= width && y + image.height <= height, "image sticks out")
    for row in 0..<image.height {
      let target = 3 * ((y + row) * width + x)
      let source = 3 * row * image.width
      bytes.replaceSubrange(
        target..<target + 3 * image.width, with: image.bytes[source..<source + 3 * image.width])
    }
  }
}
