import CWebP

/// The decoder of WebP files, by libwebp: lossy and lossless, with alpha, and the first frame of animations.
enum WebPDecoder {
  /// Decodes a file in memory. Errors call it `name`.
  static func decode(_ bytes: [UInt8], name: String, pixelLimit: Int) throws(ImageError) -> DecodedImage {
    try bytes.withUnsafeBufferPointer { bytes throws(ImageError) in
      var data = WebPData(bytes: bytes.baseAddress, size: bytes.count)
      var features = WebPBitstreamFeatures()
      guard WebPGetFeatures(bytes.baseAddress, bytes.count, &features) == VP8_STATUS_OK else {
        throw damaged(name)
      }
      let (width, height) = (Int(features.width), Int(features.height))
      let isAnimated = features.has_animation != 0
      // The frames of an animation may be transparent even where the file does not state alpha.
      let raster = try Raster(
        width: width, height: height, color: .rgb, hasAlpha: isAnimated || features.has_alpha != 0, bytesPerSample: 1,
        name: name, pixelLimit: pixelLimit)
      guard let demuxer = WebPDemux(&data) else { throw damaged(name) }
      defer { WebPDemuxDelete(demuxer) }
      let isWhole =
        isAnimated ? readFirstFrame(&data, into: raster) : readStill(bytes, into: raster)
      guard isWhole else { throw damaged(name) }
      let pageCount = isAnimated ? Int(WebPDemuxGetI(demuxer, WEBP_FF_FRAME_COUNT)) : 1
      // Some programs begin the chunk as in a JPEG file.
      var exif = chunk("EXIF", of: demuxer)[...]
      if exif.starts(with: Array("Exif\0\0".utf8)) { exif = exif.dropFirst(6) }
      return DecodedImage(
        raster: raster, orientation: EXIFOrientation(exif: exif), profile: chunk("ICCP", of: demuxer),
        pageCount: pageCount)
    }
  }

  private static func readStill(_ bytes: UnsafeBufferPointer<UInt8>, into raster: Raster) -> Bool {
    let target = raster.bytes.bindMemory(to: UInt8.self).baseAddress
    let decode = raster.hasAlpha ? WebPDecodeRGBAInto : WebPDecodeRGBInto
    return decode(bytes.baseAddress, bytes.count, target, raster.bytes.count, Int32(raster.rowByteCount)) != nil
  }

  /// Decodes the first frame onto the canvas, whose other parts are transparent.
  private static func readFirstFrame(_ data: inout WebPData, into raster: Raster) -> Bool {
    var options = WebPAnimDecoderOptions()
    guard WebPAnimDecoderOptionsInit(&options) != 0 else { return false }
    options.color_mode = MODE_RGBA
    guard let decoder = WebPAnimDecoderNew(&data, &options) else { return false }
    defer { WebPAnimDecoderDelete(decoder) }
    var frame: UnsafeMutablePointer<UInt8>?
    var timestamp: Int32 = 0
    guard WebPAnimDecoderGetNext(decoder, &frame, &timestamp) != 0, let frame else { return false }
    raster.bytes.copyMemory(from: UnsafeRawBufferPointer(start: frame, count: raster.bytes.count))
    return true
  }

  private static func chunk(_ name: String, of demuxer: OpaquePointer) -> [UInt8] {
    var iterator = WebPChunkIterator()
    guard WebPDemuxGetChunk(demuxer, name, 1, &iterator) != 0 else { return [] }
    defer { WebPDemuxReleaseChunkIterator(&iterator) }
    return Array(UnsafeBufferPointer(start: iterator.chunk.bytes, count: iterator.chunk.size))
  }

  private static func damaged(_ name: String) -> ImageError {
    .damaged(path: name, format: ImageFormat.webp.rawValue, reason: "it is damaged or ends too early")
  }
}
