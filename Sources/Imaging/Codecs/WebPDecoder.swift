import CWebP

/// The decoder of WebP files, by libwebp: lossy and lossless, with alpha, and the first frame of animations.
enum WebPDecoder {
  /// Decodes a file in memory.
  static func decode(_ bytes: [UInt8], _ request: DecodingRequest) throws(ImageError) -> DecodedImage {
    let name = request.name
    return try bytes.withUnsafeBufferPointer { bytes throws(ImageError) in
      var data = WebPData(bytes: bytes.baseAddress, size: bytes.count)
      var features = WebPBitstreamFeatures()
      guard WebPGetFeatures(bytes.baseAddress, bytes.count, &features) == VP8_STATUS_OK else {
        throw damaged(name)
      }
      let isAnimated = features.has_animation != 0
      // The frames of an animation may be transparent even where the file does not state alpha.
      let raster = try Raster(
        width: Int(features.width), height: Int(features.height), color: .rgb,
        hasAlpha: isAnimated || features.has_alpha != 0, bytesPerSample: 1, for: request)
      var state = WEBP_DEMUX_PARSE_ERROR
      guard let demuxer = WebPDemuxPartial(&data, &state) else { throw damaged(name) }
      defer { WebPDemuxDelete(demuxer) }
      let isWhole = state == WEBP_DEMUX_DONE
      let rowCount =
        isWhole && !isAnimated ? readStill(bytes, into: raster) : readFirstFrame(demuxer, into: raster)
      guard let rowCount else { throw damaged(name) }
      let pageCount = isAnimated ? Int(WebPDemuxGetI(demuxer, WEBP_FF_FRAME_COUNT)) : 1
      // Some programs begin the chunk as in a JPEG file.
      var exif = chunk("EXIF", of: demuxer)[...]
      if exif.starts(with: Array("Exif\0\0".utf8)) { exif = exif.dropFirst(6) }
      return DecodedImage(
        raster: try raster.firstRows(rowCount, name: name), orientation: EXIFOrientation(exif: exif),
        profile: chunk("ICCP", of: demuxer), pageCount: pageCount,
        extent: rowCount < raster.height
          ? .rows(rowCount, of: raster.height) : isWhole ? .whole : .withoutEnd,
        metadata: PictureMetadata(exif: Array(exif), xmp: chunk("XMP ", of: demuxer)))
    }
  }

  /// Decodes a whole file. Returns the number of rows, or nil where it is damaged.
  private static func readStill(_ bytes: UnsafeBufferPointer<UInt8>, into raster: Raster) -> Int? {
    let target = raster.bytes.bindMemory(to: UInt8.self).baseAddress
    let decode = raster.hasAlpha ? WebPDecodeRGBAInto : WebPDecodeRGBInto
    return decode(bytes.baseAddress, bytes.count, target, raster.bytes.count, Int32(raster.rowByteCount)) == nil
      ? nil : raster.height
  }

  /// Decodes the first frame of a file onto the canvas, whose other parts are transparent, as far as the file goes.
  /// Returns the number of rows, or nil where there is none, or the frame is damaged.
  private static func readFirstFrame(_ demuxer: OpaquePointer, into raster: Raster) -> Int? {
    var frame = WebPIterator()
    guard WebPDemuxGetFrame(demuxer, 1, &frame) != 0 else { return nil }
    defer { WebPDemuxReleaseIterator(&frame) }
    let (x, y) = (Int(frame.x_offset), Int(frame.y_offset))
    guard x >= 0, y >= 0, x + Int(frame.width) <= raster.width, y + Int(frame.height) <= raster.height else {
      return nil
    }
    let target = UnsafeMutableRawBufferPointer(
      rebasing: raster.bytes[(y * raster.rowByteCount + x * raster.sampleCount)...])
    let decoder = WebPINewRGB(
      raster.hasAlpha ? MODE_RGBA : MODE_RGB, target.bindMemory(to: UInt8.self).baseAddress, target.count,
      Int32(raster.rowByteCount))
    guard let decoder else { return nil }
    defer { WebPIDelete(decoder) }
    switch WebPIUpdate(decoder, frame.fragment.bytes, frame.fragment.size) {
    case VP8_STATUS_OK: return raster.height
    case VP8_STATUS_SUSPENDED:
      var rowCount: Int32 = 0
      guard WebPIDecGetRGB(decoder, &rowCount, nil, nil, nil) != nil, rowCount > 0 else { return nil }
      return min(y + Int(rowCount), raster.height)
    default: return nil
    }
  }

  private static func chunk(_ name: String, of demuxer: OpaquePointer) -> [UInt8] {
    var iterator = WebPChunkIterator()
    guard WebPDemuxGetChunk(demuxer, name, 1, &iterator) != 0 else { return [] }
    defer { WebPDemuxReleaseChunkIterator(&iterator) }
    return Array(UnsafeBufferPointer(start: iterator.chunk.bytes, count: iterator.chunk.size))
  }

  private static func damaged(_ name: String) -> ImageError {
    .damaged(path: name, format: ImageFormat.webp.name, reason: "it is damaged or ends too early")
  }
}
