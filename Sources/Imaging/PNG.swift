import CPNG

/// PNG files in memory, by libpng's simplified interface, which reports errors without longjmp.
enum PNG {
  static func isSignature(_ bytes: [UInt8]) -> Bool {
    bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
  }

  /// Any kind of PNG as 8-bit sRGB: palettes and gray are spread to three channels, transparency is laid on white, and
  /// files that state another gamma are converted. 16-bit files that state none are taken for sRGB, as elsewhere.
  static func decode(_ bytes: [UInt8], name: String) throws(ImageError) -> RGBImage {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    defer { png_image_free(&image) }
    return try bytes.withUnsafeBufferPointer { source throws(ImageError) in
      guard png_image_begin_read_from_memory(&image, source.baseAddress, source.count) != 0 else {
        throw .damaged(path: name, format: "PNG", reason: message(of: image))
      }
      let width = Int(image.width)
      let height = Int(image.height)
      guard width * height <= RGBImage.maximumPixelCount else {
        throw .tooLarge(path: name, width: width, height: height)
      }
      image.format = png_uint_32(PNG_FORMAT_RGB)
      image.flags |= png_uint_32(PNG_IMAGE_FLAG_16BIT_sRGB)
      var background = png_color(red: 255, green: 255, blue: 255)
      var pixels = [UInt8](repeating: 0, count: 3 * width * height)
      guard png_image_finish_read(&image, &background, &pixels, 0, nil) != 0 else {
        throw .damaged(path: name, format: "PNG", reason: message(of: image))
      }
      return RGBImage(width: width, height: height, bytes: pixels)
    }
  }

  static func encode(_ source: RGBImage, name: String) throws(ImageError) -> [UInt8] {
    var image = png_image()
    image.version = png_uint_32(PNG_IMAGE_VERSION)
    image.width = png_uint_32(source.width)
    image.height = png_uint_32(source.height)
    image.format = png_uint_32(PNG_FORMAT_RGB)
    defer { png_image_free(&image) }
    var byteCount = recolor_png_file_size_maximum(&image)
    var bytes = [UInt8](repeating: 0, count: Int(byteCount))
    guard png_image_write_to_memory(&image, &bytes, &byteCount, 0, source.bytes, 0, nil) != 0 else {
      throw .notEncoded(path: name, reason: message(of: image))
    }
    bytes.removeLast(bytes.count - Int(byteCount))
    return bytes
  }

  private static func message(of image: png_image) -> String {
    withUnsafeBytes(of: image.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
