/// The kinds of image files that can be read.
public enum ImageFormat: String, Sendable, CaseIterable {
  case png = "PNG"
  case jpeg = "JPEG"
  case webp = "WebP"
  case tiff = "TIFF"

  /// How many of a file's first bytes say what it is.
  static let signatureByteCount = 12

  /// What a file's first bytes say, whatever its name is.
  public init?(signature bytes: [UInt8]) {
    let isRIFF = bytes.starts(with: Array("RIFF".utf8))
    if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      self = .png
    } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if isRIFF, bytes.count >= 12, bytes[8..<12].elementsEqual("WEBP".utf8) {
      self = .webp
    } else if Self.tiffSignatures.contains(where: { bytes.starts(with: $0) }) {
      self = .tiff
    } else {
      return nil
    }
  }

  /// Both byte orders, classic and with 64-bit offsets.
  private static let tiffSignatures: [[UInt8]] = [
    [0x49, 0x49, 42, 0], [0x4D, 0x4D, 0, 42], [0x49, 0x49, 43, 0], [0x4D, 0x4D, 0, 43],
  ]

  /// Endings of the names by which images are found in a folder, in small letters.
  public static let fileExtensions: Set<String> = ["png", "jpg", "jpeg", "jpe", "webp", "tif", "tiff"]

  /// Whether a file of this name is taken for an image where a folder is gone through.
  public static func isImage(named name: String) -> Bool {
    name.lastIndex(of: ".").map { fileExtensions.contains(name[name.index(after: $0)...].lowercased()) } ?? false
  }
}
