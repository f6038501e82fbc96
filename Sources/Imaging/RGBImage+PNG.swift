extension RGBImage {
  /// The image as a PNG file in memory. Errors call it `name`.
  public func png(name: String = "image") throws(ImageError) -> [UInt8] { try PNG.encode(self, name: name) }
}
