import CImageCodecs

extension PictureMetadata {
  /// The metadata of a file that a C library reads.
  init(_ info: recolor_image_info) {
    func array(_ start: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
      Array(UnsafeBufferPointer(start: start, count: count))
    }
    let records = array(info.iptc, info.iptc_size)
    self.init(
      exif: array(info.exif, info.exif_size), xmp: array(info.xmp, info.xmp_size),
      iptc: records.isEmpty
        ? PhotoshopResources.iptcRecords(in: array(info.photoshop, info.photoshop_size)) : records,
      resolution: Resolution(x: info.resolution.0, y: info.resolution.1))
  }

  /// Returns the result of `body`, called with a description of an image that holds these metadata, which are valid
  /// during the call.
  func withDescription<Result>(_ body: (inout recolor_image_info) -> Result) -> Result {
    exif.withUnsafeBufferPointer { exif in
      xmp.withUnsafeBufferPointer { xmp in
        iptc.withUnsafeBufferPointer { iptc in
          PhotoshopResources.resource(ofIPTC: self.iptc).withUnsafeBufferPointer { photoshop in
            var info = recolor_image_info()
            (info.exif, info.exif_size) = (exif.baseAddress, exif.count)
            (info.xmp, info.xmp_size) = (xmp.baseAddress, xmp.count)
            (info.iptc, info.iptc_size) = (iptc.baseAddress, iptc.count)
            (info.photoshop, info.photoshop_size) = (photoshop.baseAddress, photoshop.count)
            if let resolution { info.resolution = (resolution.x, resolution.y) }
            return body(&info)
          }
        }
      }
    }
  }
}
