import CTurboJPEG

/// JPEG files in memory, by libjpeg-turbo's TurboJPEG interface, which reports errors by return codes.
enum JPEG {
  static func isSignature(_ bytes: [UInt8]) -> Bool { bytes.starts(with: [0xFF, 0xD8, 0xFF]) }

  /// A JPEG file of any kind as 8-bit RGB, turned the way its EXIF orientation says. CMYK is taken for inverted, as
  /// Adobe's programs write it.
  static func decode(_ bytes: [UInt8], name: String) throws(ImageError) -> RGBImage {
    let decompressor = try Decompressor(name: name)
    let header = try decompressor.readHeader(bytes)
    let pixelCount = header.width * header.height
    guard pixelCount <= RGBImage.maximumPixelCount else {
      throw .tooLarge(path: name, width: header.width, height: header.height)
    }
    var rgb: [UInt8]
    if header.isCMYK {
      let cmyk = try decompressor.decode(bytes, header, TJPF_CMYK, channels: 4)
      rgb = [UInt8](repeating: 0, count: 3 * pixelCount)
      for pixel in 0..<pixelCount {
        let black = Int(cmyk[4 * pixel + 3])
        for channel in 0..<3 {
          rgb[3 * pixel + channel] = UInt8((Int(cmyk[4 * pixel + channel]) * black + 127) / 255)
        }
      }
    } else {
      rgb = try decompressor.decode(bytes, header, TJPF_RGB, channels: 3)
    }
    let image = RGBImage(width: header.width, height: header.height, bytes: rgb)
    return image.turned(EXIFOrientation(jpeg: bytes))
  }

  private struct Header {
    var width: Int
    var height: Int
    var isCMYK: Bool
  }

  /// Owner of a TurboJPEG handle.
  private struct Decompressor: ~Copyable {
    private let handle: tjhandle
    private let name: String

    init(name: String) throws(ImageError) {
      guard let handle = tjInitDecompress() else {
        throw .damaged(path: name, format: "JPEG", reason: String(cString: tjGetErrorStr2(nil)))
      }
      self.handle = handle
      self.name = name
    }

    deinit { tjDestroy(handle) }

    func readHeader(_ bytes: [UInt8]) throws(ImageError) -> Header {
      var width: Int32 = 0
      var height: Int32 = 0
      var subsampling: Int32 = 0
      var colorSpace: Int32 = 0
      let status = tjDecompressHeader3(handle, bytes, UInt(bytes.count), &width, &height, &subsampling, &colorSpace)
      guard status == 0 || isRemark, width > 0, height > 0 else { throw failure }
      let isCMYK = colorSpace == Int32(TJCS_CMYK.rawValue) || colorSpace == Int32(TJCS_YCCK.rawValue)
      return Header(width: Int(width), height: Int(height), isCMYK: isCMYK)
    }

    func decode(_ bytes: [UInt8], _ header: Header, _ format: TJPF, channels: Int) throws(ImageError) -> [UInt8] {
      var pixels = [UInt8](repeating: 0, count: channels * header.width * header.height)
      // LIMITSCANS: a small progressive file may hold thousands of scans of a huge image.
      let status = tjDecompress2(
        handle, bytes, UInt(bytes.count), &pixels, Int32(header.width), 0, Int32(header.height),
        Int32(format.rawValue), TJFLAG_LIMITSCANS | TJFLAG_ACCURATEDCT)
      guard status == 0 || isRemark else { throw failure }
      return pixels
    }

    private var message: String { String(cString: tjGetErrorStr2(handle)) }

    /// Whether the last call's complaint is a remark: cameras write bytes between segments that mean nothing. All else is
    /// a damaged picture, even where the library fills up with gray and only warns. Its error code does not tell warnings
    /// from failures once there was one warning, so the message must.
    private var isRemark: Bool { message.contains("extraneous bytes before marker") }

    private var failure: ImageError { .damaged(path: name, format: "JPEG", reason: message) }
  }
}
