/// The metadata of a picture file that are written with the colored picture.
struct PictureMetadata: Sendable, Equatable {
  /// A part of the metadata, by its name in messages.
  enum Part: String, CaseIterable {
    case exif = "EXIF"
    case xmp = "XMP"
    case iptc = "IPTC"
    case resolution
  }

  /// Pixels per inch.
  struct Resolution: Sendable, Equatable {
    let x: Double
    let y: Double

    /// Nil unless both are stated.
    init?(x: Double, y: Double) {
      guard x > 0, y > 0, x.isFinite, y.isFinite else { return nil }
      self.x = x
      self.y = y
    }
  }

  /// EXIF data, a TIFF structure; empty where there is none, as for the other parts.
  var exif: [UInt8] = []
  /// An XMP packet.
  var xmp: [UInt8] = []
  /// Records of IPTC-IIM.
  var iptc: [UInt8] = []
  var resolution: Resolution?

  /// Returns the metadata for pixels that are stored upright. The resolution is that of the EXIF data where the file
  /// states none otherwise.
  func upright(from orientation: EXIFOrientation) -> PictureMetadata {
    var result = self
    let resolution = self.resolution ?? EXIFData(exif)?.resolution
    result.resolution = resolution
    // Damaged EXIF data are left out.
    result.exif = EXIFData(exif)?.upright(exchangesSides: orientation.exchangesSides).bytes ?? []
    result.resetXMPOrientation()
    if orientation.exchangesSides { result.resolution = resolution.flatMap { Resolution(x: $0.y, y: $0.x) } }
    return result
  }

  /// Sets the orientation in the XMP packet, an attribute or an element, to 1.
  private mutating func resetXMPOrientation() {
    let name = Array("tiff:Orientation".utf8)
    var start = xmp.startIndex
    while let first = xmp[start...].firstIndex(of: name[0]) {
      start = first + 1
      let value = first + name.count
      // `="6"` or `>6<`.
      guard xmp[first...].starts(with: name), value + 3 < xmp.endIndex else { continue }
      let digit = xmp[value] == UInt8(ascii: ">") ? value + 1 : value + 2
      if (UInt8(ascii: "1")...UInt8(ascii: "8")).contains(xmp[digit]) { xmp[digit] = UInt8(ascii: "1") }
    }
  }

  /// Returns the number of bytes of a part; of the resolution 1 where it is stated.
  private func size(of part: Part) -> Int {
    switch part {
    case .exif: exif.count
    case .xmp: xmp.count
    case .iptc: iptc.count
    case .resolution: resolution == nil ? 0 : 1
    }
  }

  private mutating func remove(_ part: Part) {
    switch part {
    case .exif: exif = []
    case .xmp: xmp = []
    case .iptc: iptc = []
    case .resolution: resolution = nil
    }
  }

  /// Returns the metadata without parts that are larger than a format's limits, and those of them that are lost: a
  /// resolution is not where the EXIF data that are kept state one as well.
  func held(within limits: [Part: Int]) -> (metadata: PictureMetadata, lost: [Part]) {
    var kept = self
    var lost = Part.allCases.filter { size(of: $0) > limits[$0] ?? 0 }
    for part in lost { kept.remove(part) }
    if EXIFData(kept.exif)?.resolution != nil { lost.removeAll { $0 == .resolution } }
    return (kept, lost)
  }
}

/// Photoshop's image resources, one of which holds IPTC records (Adobe Photoshop File Formats Specification).
enum PhotoshopResources {
  private static let signature = Array("8BIM".utf8)
  private static let iptc = 0x0404

  /// Returns the IPTC records among the resources; empty where there are none, or the resources are damaged.
  static func iptcRecords(in bytes: [UInt8]) -> [UInt8] {
    func number(_ offset: Int, _ byteCount: Int) -> Int {
      bytes[offset..<offset + byteCount].reduce(0) { $0 << 8 | Int($1) }
    }
    var start = 0
    // The signature, the kind, a name after its length, and the size of the data; both are padded to even lengths.
    while start + 12 <= bytes.count, bytes[start...].starts(with: signature) {
      let size = start + 6 + (Int(bytes[start + 6]) + 2) / 2 * 2
      guard size + 4 <= bytes.count else { break }
      let (data, count) = (size + 4, number(size, 4))
      guard count <= bytes.count - data else { break }
      if number(start + 4, 2) == iptc { return Array(bytes[data..<data + count]) }
      start = data + (count + 1) / 2 * 2
    }
    return []
  }

  /// Returns a resource of IPTC records.
  static func resource(ofIPTC records: [UInt8]) -> [UInt8] {
    guard !records.isEmpty else { return [] }
    let size = (0..<4).map { UInt8(truncatingIfNeeded: records.count >> (24 - 8 * $0)) }
    let head = signature + [UInt8(iptc >> 8), UInt8(iptc & 0xFF), 0, 0] + size
    return head + records + (records.count % 2 == 0 ? [] : [0])
  }
}
