import CImageCodecs
import Files

/// A format of image files.
///
/// A further format is a case here, with its codec, and the functions of the library that decodes and encodes it.
public enum ImageFormat: String, Sendable, CaseIterable {
  case png, jpeg, webp, tiff, bmp

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
          metadataLimits: [.exif: Int(Int32.max), .xmp: Int(Int32.max)], holdsAlphaAnd16Bits: true,
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
        // A profile takes at most 255 segments of 65,519 bytes; others one segment of 65,533, less its name and, of IPTC
        // records, the head of Photoshop's resource.
        encoder: LibraryEncoder(
          fileExtensions: ["jpg", "jpeg"], largestSide: 65500, largestProfile: 255 * 65_519,
          metadataLimits: [.exif: 65_533 - 6, .xmp: 65_533 - 29, .iptc: 65_533 - 14 - 13], holdsAlphaAnd16Bits: false,
          create: { info, quality, _, sink, context, message in
            recolor_jpeg_create(info, quality, sink, context, message)
          },
          write: recolor_jpeg_write, finish: recolor_jpeg_finish, abandon: recolor_jpeg_abandon))
    case .webp:
      Codec(
        name: "WebP", fileExtensions: ["webp"],
        signatures: [Array("RIFF".utf8) + [nil, nil, nil, nil] + Array("WEBP".utf8)], decode: WebPDecoder.decode)
    case .tiff:
      Codec(
        name: "TIFF", fileExtensions: ["tif", "tiff"],
        // Both byte orders, classic and with 64-bit offsets.
        signatures: [[0x49, 0x49, 42, 0], [0x4D, 0x4D, 0, 42], [0x49, 0x49, 43, 0], [0x4D, 0x4D, 0, 43]],
        decode: LibraryDecoder(
          format: self, open: recolor_tiff_open, read: recolor_tiff_read, close: recolor_tiff_close
        ).decode)
    case .bmp:
      Codec(
        name: "BMP", fileExtensions: ["bmp", "dib"],
        // Two letters, the size of the file, and four bytes of zero.
        signatures: [Array("BM".utf8) + [nil, nil, nil, nil, 0, 0, 0, 0]], decode: BMPDecoder.decode)
    }
  }

  /// The format's name: `PNG`.
  public var name: String { codec.name }

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

  /// Endings of the names by which images are found in a folder, in lowercase letters.
  private static let fileExtensions = Set(allCases.flatMap(\.codec.fileExtensions))

  /// Whether a file of this name is taken for an image where a folder is searched.
  public static func isImage(named name: String) -> Bool {
    fileExtension(of: name).map(fileExtensions.contains) ?? false
  }

  static func fileExtension(of name: String) -> String? {
    name.lastIndex(of: ".").map { name[name.index(after: $0)...].lowercased() }
  }
}

extension ImageFormat {
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
