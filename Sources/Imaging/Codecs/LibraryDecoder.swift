import CImageCodecs

/// A C library that decodes a file in two steps: its metadata, then its pixels.
struct LibraryDecoder: Sendable {
  typealias Message = UnsafeMutablePointer<CChar>

  let format: ImageFormat
  let open:
    @Sendable (UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<recolor_image_info>?, Message?) -> OpaquePointer?
  let read:
    @Sendable (OpaquePointer?, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<recolor_extent>?, Message?) -> Bool
  let close: @Sendable (OpaquePointer?) -> Void

  /// Decodes a file in memory.
  func decode(_ bytes: [UInt8], _ request: DecodingRequest) throws(ImageError) -> DecodedImage {
    // A TIFF file is EXIF data itself.
    let exif = format == .tiff ? EXIFData(tiffFile: bytes)?.bytes ?? [] : []
    return try bytes.withUnsafeBufferPointer { bytes throws(ImageError) in
      var info = recolor_image_info()
      var message = [CChar](repeating: 0, count: Int(RECOLOR_MESSAGE_SIZE))
      guard let reader = open(bytes.baseAddress, bytes.count, &info, &message) else {
        throw failure(message, request.name)
      }
      defer { close(reader) }
      // Copied before the pixels are read: libjpeg frees a file's markers when it has decoded the last row.
      var metadata = PictureMetadata(info)
      if !exif.isEmpty { metadata.exif = exif }
      if info.is_turned {
        metadata.exif = EXIFData(metadata.exif)?.turned(toWidth: Int(info.width), height: Int(info.height)).bytes ?? []
      }
      let profile = Array(UnsafeBufferPointer(start: info.profile, count: info.profile_size))
      let raster = try Raster(
        width: Int(info.width), height: Int(info.height), color: RasterColor(info.color), hasAlpha: info.has_alpha,
        bytesPerSample: Int(info.bytes_per_sample), for: request)
      var extent = recolor_extent()
      guard read(reader, raster.bytes.bindMemory(to: UInt8.self).baseAddress, &extent, &message) else {
        throw failure(message, request.name)
      }
      if info.is_premultiplied { raster.divideByAlpha() }
      return DecodedImage(
        raster: try raster.firstRows(Int(extent.row_count), name: request.name),
        orientation: EXIFOrientation(rawValue: info.orientation) ?? EXIFOrientation(exif: metadata.exif),
        profile: profile,
        primaries: Primaries(Primaries.Transfer(info), chromaticities: info.chromaticities),
        pageCount: Int(info.page_count), extent: PictureExtent(extent, height: raster.height), metadata: metadata,
        remarks: info.transfer == recolor_transfer_hdr
          ? ["its brightness is coded for HDR displays, and is taken for that of sRGB"] : [])
    }
  }

  private func failure(_ message: [CChar], _ name: String) -> ImageError {
    let reason = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    // Some libraries' messages contain line breaks.
    let words = String(decoding: reason, as: UTF8.self).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    return .damaged(path: name, format: format.name, reason: words)
  }
}

/// A library of a codec that is loaded at run time, and may be missing.
struct OptionalLibrary: Sendable {
  /// Returns the reason why files cannot be read, with a remedy; nil where they can be.
  let reasonForLacking: @Sendable () -> String?

  /// libheif with a decoder of the coding, which some distributions have in a package of its own, `plugin`.
  static func libheif(_ coding: recolor_heif_coding, plugin: String) -> OptionalLibrary {
    OptionalLibrary {
      var message = [CChar](repeating: 0, count: Int(RECOLOR_MESSAGE_SIZE))
      guard !recolor_heif_is_available(coding, &message) else { return nil }
      let reason = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let package = recolor_heif_is_loaded() ? plugin : "libheif1"
      return "\(reason); install it, on Debian and Ubuntu with: apt install \(package)"
    }
  }
}

extension PictureExtent {
  fileprivate init(_ extent: recolor_extent, height: Int) {
    let rowCount = Int(extent.row_count)
    if rowCount < height {
      self = .rows(rowCount, of: height)
    } else if extent.is_coarse {
      self = .coarse
    } else {
      self = extent.lacks_end ? .withoutEnd : .whole
    }
  }
}

extension Primaries.Transfer {
  fileprivate init(_ info: recolor_image_info) {
    switch info.transfer {
    case recolor_transfer_srgb, recolor_transfer_hdr: self = .sRGB
    case recolor_transfer_bt709: self = .bt709
    default: self = .power(info.gamma)
    }
  }
}

extension RasterColor {
  fileprivate init(_ color: recolor_color) {
    switch color {
    case recolor_color_gray: self = .gray
    case recolor_color_cmyk: self = .cmyk
    default: self = .rgb
    }
  }
}
