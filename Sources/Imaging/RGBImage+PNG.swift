extension RGBImage {
  /// The image as a PNG file in memory. Errors call it `name`.
  public func png(name: String = "image") throws(ImageError) -> [UInt8] {
    let output = MemoryOutput()
    try write(to: output, as: .png, name: name)
    return output.bytes
  }
}
