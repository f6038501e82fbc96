import CImageCodecs
import Files

/// A format of image files.
///
/// A further format is a case here, with its codec, and the functions of the library that decodes and encodes it.
public enum ImageFormat: String, Sendable, CaseIterable {
  case png, jpeg, webp, tiff, bmp, gif, heic, avif

  /// The properties of a format: its codec, and how its files are recognized.
  struct Codec: Sendable {
    /// The format's name in messages.
    let name: String
    /// Endings of the names by which files are found in a folder, in lowercase letters.
    let fileExtensions: [String]
    /// The first bytes of files; nil is any byte.
    let signatures: [[UInt8?]]
    /// Decodes a file in memory.
    let decode: @Sendable ([UInt8], DecodingRequest) throws(ImageError) -> DecodedImage
    /// Nil where files are only read.
    var encoder: LibraryEncoder?
    /// The library that is loaded at run time and may be missing; nil where there is none.
    var optionalLibrary: OptionalLibrary?
  }

  var codec: Codec {
    switch self {
    case .png:
      Codec(
        name: "PNG", fileExtensions: ["png", "apng"], signatures: [[0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]],
        decode: LibraryDecoder(
          format: self, open: recolor_png_open, read: recolor_png_read, close: recolor_png_close
        ).decode,
        encoder: LibraryEncoder(
          fileExtensions: ["png"], largestSide: Int(Int32.max), largestProfile: .max,
          metadataLimits: [.exif: Int(Int32.max), .xmp: Int(Int32.max), .resolution: 1], holdsAlpha: true,
          largestSample: 2, isLossy: false,
          create: { info, _, compression, sink, context, message in
            recolor_png_create(info, recolor_png_compression(compression), sink, context, message)
          },
          write: recolor_png_write, finish: recolor_png_finish, abandon: recolor_png_abandon))
    case .jpeg:
      Codec(
        name: "JPEG", fileExtensions: ["jpg", "jpeg", "jpe", "jfif", "jif", "jfi", "pjpeg", "pjp"],
        signatures: [[0xFF, 0xD8, 0xFF]],
        decode: LibraryDecoder(
          format: self, open: recolor_jpeg_open, read: recolor_jpeg_read, close: recolor_jpeg_close
        ).decode,
        // A profile takes at most 255 segments of 65,519 bytes; others one segment of 65,533, less its name and, of
        // IPTC records, the head of Photoshop's resource.
        encoder: LibraryEncoder(
          fileExtensions: ["jpg", "jpeg"], largestSide: 65500, largestProfile: 255 * 65_519,
          metadataLimits: [.exif: 65_533 - 6, .xmp: 65_533 - 29, .iptc: 65_533 - 14 - 13, .resolution: 1],
          holdsAlpha: false, largestSample: 1, isLossy: true,
          create: { info, quality, _, sink, context, message in
            recolor_jpeg_create(info, quality, sink, context, message)
          },
          write: recolor_jpeg_write, finish: recolor_jpeg_finish, abandon: recolor_jpeg_abandon))
    case .webp:
      Codec(
        name: "WebP", fileExtensions: ["webp"],
        signatures: [Array("RIFF".utf8) + [nil, nil, nil, nil] + Array("WEBP".utf8)], decode: WebPDecoder.decode,
        encoder: LibraryEncoder(
          fileExtensions: ["webp"], largestSide: 16_383, largestProfile: Int(Int32.max),
          metadataLimits: [.exif: Int(Int32.max), .xmp: Int(Int32.max)], holdsAlpha: true, largestSample: 1,
          isLossy: true,
          // Measured of 12 megapixels: 7 bytes a pixel, 11 with alpha, and 30 of a lossless picture.
          pixelMemory: { size, quality in quality == 100 ? 30 : 3 * size },
          create: { info, quality, _, sink, context, message in
            recolor_webp_create(info, quality, sink, context, message)
          },
          write: recolor_webp_write, finish: recolor_webp_finish, abandon: recolor_webp_abandon))
    case .tiff:
      Codec(
        name: "TIFF", fileExtensions: ["tif", "tiff"],
        // Both byte orders, classic and with 64-bit offsets.
        signatures: [[0x49, 0x49, 42, 0], [0x4D, 0x4D, 0, 42], [0x49, 0x49, 43, 0], [0x4D, 0x4D, 0, 43]],
        decode: LibraryDecoder(
          format: self, open: recolor_tiff_open, read: recolor_tiff_read, close: recolor_tiff_close
        ).decode,
        encoder: LibraryEncoder(
          fileExtensions: ["tif", "tiff"], largestSide: Int(Int32.max), largestProfile: Int(Int32.max),
          metadataLimits: [.exif: Int(Int32.max), .xmp: Int(Int32.max), .iptc: Int(Int32.max), .resolution: 1],
          holdsAlpha: true, largestSample: 2, isLossy: false,
          // A TIFF file is EXIF data itself: the parts that describe the photograph become its own.
          exif: { EXIFData(tiffFile: $0)?.bytes ?? [] },
          create: { info, _, _, sink, context, message in recolor_tiff_create(info, sink, context, message) },
          write: recolor_tiff_write, finish: recolor_tiff_finish, abandon: recolor_tiff_abandon))
    case .bmp:
      Codec(
        name: "BMP", fileExtensions: ["bmp", "dib"],
        // Two letters, the size of the file, and four bytes of zero.
        signatures: [Array("BM".utf8) + [nil, nil, nil, nil, 0, 0, 0, 0]], decode: BMPDecoder.decode)
    case .gif:
      Codec(
        name: "GIF", fileExtensions: ["gif"], signatures: [Array("GIF87a".utf8), Array("GIF89a".utf8)],
        decode: LibraryDecoder(
          format: self, open: recolor_gif_open, read: recolor_gif_read, close: recolor_gif_close
        ).decode)
    case .heic:
      Codec(
        name: "HEIC", fileExtensions: ["heic", "heif", "hif"],
        signatures: Self.brands(["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"]),
        decode: heifDecoder.decode, optionalLibrary: .libheif(recolor_heif_hevc, plugin: "libheif-plugin-libde265"))
    case .avif:
      Codec(
        name: "AVIF", fileExtensions: ["avif", "avifs"], signatures: Self.brands(["avif", "avis"]),
        decode: heifDecoder.decode, optionalLibrary: .libheif(recolor_heif_av1, plugin: "libheif-plugin-dav1d"))
    }
  }

  private var heifDecoder: LibraryDecoder {
    LibraryDecoder(format: self, open: recolor_heif_open, read: recolor_heif_read, close: recolor_heif_close)
  }

  /// Returns the signatures of ISO base media files (ISO/IEC 14496-12): the size of the first box, `ftyp`, the brand.
  private static func brands(_ names: [String]) -> [[UInt8?]] {
    names.map { [nil, nil, nil, nil] + Array("ftyp\($0)".utf8) }
  }

  /// The format's name: `PNG`.
  public var name: String { codec.name }

  /// Returns a remark for the user about a file of several pictures.
  func remark(ofPageCount count: Int) -> String {
    switch self {
    case .heic, .avif: "only the main one of its \(count) pictures is read"
    default: "only the first of its \(count) pages or frames is read"
    }
  }

  /// The number of first bytes that decide the format of a file.
  static let signatureByteCount = allCases.flatMap(\.codec.signatures).reduce(0) { max($0, $1.count) }

  /// The format that a file's first bytes decide, whatever its name is.
  public init?(signature bytes: [UInt8]) {
    let format = Self.allCases.first { format in format.codec.signatures.contains { $0.begins(bytes) } }
    guard let format else { return nil }
    self = format
  }

  /// The format that the first bytes of the ordinary file at `path` decide; nil where it cannot be read.
  public init?(ofFileAt path: String) {
    self.init(signature: firstBytes(Self.signatureByteCount, of: path))
  }

  /// The format that a file's name asks for, whether or not it can be read on this machine.
  public init?(named name: String) {
    let ending = Self.fileExtension(of: name)
    guard let ending, let format = Self.formatsByExtension[ending] else { return nil }
    self = format
  }

  private static let formatsByExtension = Dictionary(
    allCases.flatMap { format in format.codec.fileExtensions.map { ($0, format) } },
    uniquingKeysWith: { first, _ in first })

  /// The reason why no file of the format can be read on this machine, with a remedy; nil where files can be read.
  public var reasonForNotReading: String? { codec.optionalLibrary?.reasonForLacking() }

  /// Whether a file of this name is taken for an image where a folder is searched: one of a format that can be read.
  public static func isImage(named name: String) -> Bool {
    ImageFormat(named: name).map { $0.reasonForNotReading == nil } ?? false
  }

  /// The endings of the names of files that can be read on this machine, in lowercase letters.
  public static var readEndings: [String] {
    allCases.filter { $0.reasonForNotReading == nil }.flatMap(\.codec.fileExtensions)
  }

  static func fileExtension(of name: String) -> String? {
    name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() }
  }
}

extension ImageFormat {
  /// Whether its files have a quality.
  public var isLossy: Bool { codec.encoder?.isLossy ?? false }

  /// The formats that are written.
  public static let writable = allCases.filter { $0.codec.encoder != nil }

  /// The quality of lossy formats unless another is given, as libjpeg counts it: 1...100. From 90 on, chroma is not
  /// subsampled.
  public static let defaultQuality = 92

  /// Endings of the names of written files; the first is the usual one. Empty where the format is only read.
  public var writtenFileExtensions: [String] { codec.encoder?.fileExtensions ?? [] }

  /// The format to write that a file's name asks for; nil where it asks for none of them.
  public init?(writing name: String) {
    guard let ending = Self.fileExtension(of: name),
      // A name that is only an ending asks for no format.
      !"/\(name.lowercased())".hasSuffix("/.\(ending)"),
      let format = Self.allCases.first(where: { $0.writtenFileExtensions.contains(ending) })
    else { return nil }
    self = format
  }
}
