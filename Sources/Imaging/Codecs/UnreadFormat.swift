/// A format of pictures that is recognized but not read.
public enum UnreadFormat: String, Sendable, CaseIterable {
  case jpegXL = "JPEG XL"
  case jpeg2000 = "JPEG 2000"
  case photoshop = "Photoshop"
  case raw = "camera raw"
  case pdf = "PDF"
  case netpbm = "Netpbm"
  case other = "other formats"

  /// Endings of files' names, in lowercase letters.
  private var fileExtensions: [String] {
    switch self {
    case .jpegXL: ["jxl"]
    case .jpeg2000: ["jp2", "j2k", "jpf", "jpx"]
    case .photoshop: ["psd", "psb"]
    case .raw: ["dng", "cr2", "cr3", "crw", "nef", "nrw", "arw", "orf", "rw2", "raf", "pef", "srw"]
    case .pdf: ["pdf"]
    case .netpbm: ["pnm", "pbm", "pgm", "ppm", "pam"]
    case .other: ["ico", "tga", "pcx", "exr", "hdr", "xcf", "svg", "qoi"]
    }
  }

  /// The first bytes of files; nil is any byte. Empty where the name alone tells.
  private var signatures: [[UInt8?]] {
    switch self {
    case .jpegXL: [[0xFF, 0x0A], [0, 0, 0, 12] + Array("JXL ".utf8)]
    case .jpeg2000: [[0, 0, 0, 12] + Array("jP  ".utf8), [0xFF, 0x4F, 0xFF, 0x51]]
    case .photoshop: [Array("8BPS".utf8)]
    case .pdf: [Array("%PDF".utf8)]
    case .raw, .netpbm, .other: []
    }
  }

  /// The format that a file's first bytes decide.
  init?(signature bytes: [UInt8]) {
    let format = Self.allCases.first { format in format.signatures.contains { $0.begins(bytes) } }
    guard let format else { return nil }
    self = format
  }

  /// The format that a file's name asks for.
  public init?(named name: String) {
    let ending = ImageFormat.fileExtension(of: name)
    guard let ending, let format = Self.allCases.first(where: { $0.fileExtensions.contains(ending) }) else {
      return nil
    }
    self = format
  }
}

extension [UInt8?] {
  /// Whether a file's bytes begin with this signature.
  func begins(_ bytes: [UInt8]) -> Bool {
    bytes.count >= count && zip(bytes, self).allSatisfy { $1 == nil || $0 == $1 }
  }
}

/// The numbers of files in a folder that are pictures by their names and are passed over, by format.
public struct PassedOverPictures: Sendable, Equatable {
  /// Of formats that this machine lacks the library for.
  private var lacking: [ImageFormat: Int] = [:]
  private var unread: [UnreadFormat: Int] = [:]
  /// Number of pipes, devices and dangling links with the name of a picture.
  private var specialCount = 0

  public init() {}

  /// Counts a file unless its name is that of no picture, or of one that is read.
  public mutating func count(named name: String) {
    if let format = ImageFormat(named: name) {
      if format.reasonForNotReading != nil { lacking[format, default: 0] += 1 }
    } else if let format = UnreadFormat(named: name) {
      unread[format, default: 0] += 1
    }
  }

  /// Counts a file that is no ordinary one.
  public mutating func countSpecial() { specialCount += 1 }

  public var isEmpty: Bool { lacking.isEmpty && unread.isEmpty && specialCount == 0 }
}

extension PassedOverPictures: CustomStringConvertible {
  /// `3 HEIC, 1 JPEG XL`
  public var description: String {
    let kinds =
      ImageFormat.allCases.compactMap { format in lacking[format].map { "\($0) \(format.name)" } }
      + UnreadFormat.allCases.compactMap { format in unread[format].map { "\($0) \(format.rawValue)" } }
    return (kinds + (specialCount > 0 ? ["\(specialCount) that are no ordinary files"] : [])).joined(separator: ", ")
  }

  /// The numbers, and what to install where a library is missing: `3 HEIC; HEIC: libheif cannot be loaded (…); install
  /// …`.
  public var explanation: String {
    let missing = ImageFormat.allCases.first { lacking[$0] != nil }
    let remedy = missing.flatMap { format in format.reasonForNotReading.map { "; \(format.name): \($0)" } }
    return description + (remedy ?? "")
  }

  /// One line for the user about the folder: `scans: passed over, because they are not read: 3 JPEG XL, 1 Photoshop`.
  public func remark(about folder: String) -> String {
    "\(folder): passed over, because they are not read: \(explanation)"
  }
}
