/// A decoder's result: the pixels as they are stored, and the file's metadata.
struct DecodedImage {
  let raster: Raster
  let orientation: EXIFOrientation
  /// An ICC profile; empty where the file holds none.
  let profile: [UInt8]
  /// The color space that the file states by numbers, which applies where there is no profile.
  var primaries: Primaries?
  /// Number of pages, or of frames of an animation; the pixels are the first one's.
  let pageCount: Int
  /// How much of the picture the file holds; the pixels are the rows that it does.
  let extent: PictureExtent
  /// As the file states them.
  let metadata: PictureMetadata
  /// Further remarks for the user: one line each, without the file's name.
  var remarks: [String] = []
}

/// The file to decode, and the limits of the decoding.
struct DecodingRequest {
  /// The name of the file in errors.
  let name: String
  /// Largest number of pixels.
  let pixelLimit: Int
  /// Bytes of the file.
  let fileByteCount: Int
  /// Called once the head of the file is read, before memory is allocated for the pixels.
  let admit: (PhotographMemory) -> Void
}

/// How much of a picture its file holds.
enum PictureExtent: Equatable {
  case whole
  /// All pixels, but not the end of the file.
  case withoutEnd
  /// The first rows.
  case rows(Int, of: Int)
  /// All rows, but not all of their detail.
  case coarse
}

extension PictureExtent: CustomStringConvertible {
  var description: String {
    switch self {
    case .whole, .withoutEnd: "all rows are there"
    case .rows(let count, let height): "only the first \(count) of \(height) rows are there"
    case .coarse: "all rows are there, in less detail"
    }
  }
}

/// A color space given by its primaries and its transfer function, as by a PNG file's chunks gAMA and cHRM.
struct Primaries: Equatable {
  /// The function that encodes linear light.
  enum Transfer: Equatable {
    /// A power with this exponent, usually about 1/2.2.
    case power(Double)
    case sRGB
    /// ITU-R BT.709, 601 and 2020.
    case bt709

    /// Whether it stands for sRGB's transfer function: PNG files stated it as 1/2.2 before there was a chunk for it.
    var isUsual: Bool {
      switch self {
      case .power(let exponent): abs(exponent - 1 / 2.2) <= 0.01
      case .sRGB: true
      case .bt709: false
      }
    }

    fileprivate var isValid: Bool {
      if case .power(let exponent) = self { exponent > 0.05 && exponent < 20 } else { true }
    }
  }

  let transfer: Transfer
  /// x and y of white, red, green and blue; nil for sRGB's.
  let chromaticities: [Double]?

  private static let sRGB = [0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06]

  /// Nil where the values describe sRGB, or are invalid.
  init?(
    _ transfer: Transfer, chromaticities: (Double, Double, Double, Double, Double, Double, Double, Double)
  ) {
    let values = withUnsafeBytes(of: chromaticities) { Array($0.bindMemory(to: Double.self)) }
    let isUsual = zip(values, Self.sRGB).allSatisfy { abs($0 - $1) < 0.002 } || values.contains { $0 <= 0 }
    guard transfer.isValid, !isUsual || !transfer.isUsual else { return nil }
    self.transfer = transfer
    self.chromaticities = isUsual ? nil : values
  }

  /// x and y of white, red, green and blue.
  var resolved: [Double] { chromaticities ?? Self.sRGB }
}
