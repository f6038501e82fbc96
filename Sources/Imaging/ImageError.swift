import Files

/// An error of an image file. `description` is one line that names the file.
public enum ImageError: Error, Equatable {
  case file(FileError)
  /// The bytes are not an image file of a known format.
  case unknownFormat(path: String)
  /// The bytes are a picture of a format that is not read.
  case unreadFormat(path: String, format: String)
  /// The library that reads the format is missing; `reason` says how to install it.
  case lacksLibrary(path: String, format: String, reason: String)
  /// The file is of a known format, but damaged or of an unsupported kind.
  case damaged(path: String, format: String, reason: String)
  /// The file ends within the image; `found` says how much there is of it.
  case incomplete(path: String, format: String, found: String)
  /// The image has more pixels than `limit`.
  case tooLarge(path: String, width: Int, height: Int, limit: Int)
  /// The image has no pixels, or a side that is too long.
  case badSize(path: String, reason: String)
  /// No memory could be allocated for the pixels.
  case noMemory(path: String, width: Int, height: Int)
  /// The image could not be encoded.
  case notEncoded(path: String, format: String, reason: String)
}

extension ImageError {
  /// Whether the system ran out of file descriptors or memory, so that nothing is wrong with the file.
  public var isShortage: Bool {
    switch self {
    case .file(let error): error.isShortage
    case .noMemory: true
    default: false
    }
  }
}

extension ImageError: CustomStringConvertible {
  /// Returns a list of the formats that are read on every machine: `PNG, JPEG, WebP, TIFF, BMP or GIF`.
  private static func formats(article: String = "", conjunction: String) -> String {
    let names = ImageFormat.allCases.filter { $0.codec.optionalLibrary == nil }.map { article + $0.name }
    return "\(names.dropLast().joined(separator: ", ")) \(conjunction) \(names.last ?? "")"
  }

  public var description: String {
    switch self {
    case .file(let error): error.description
    case .unknownFormat(let path): "\(path): neither \(Self.formats(article: "a ", conjunction: "nor")) image"
    case .unreadFormat(let path, let format):
      "\(path): the format \(format) is not read; convert the picture to \(Self.formats(conjunction: "or"))"
    case .lacksLibrary(let path, let format, let reason): "\(path): the \(format) image cannot be read: \(reason)"
    case .damaged(let path, let format, let reason): "\(path): the \(format) image cannot be decoded: \(reason)"
    case .incomplete(let path, let format, let found): "\(path): the \(format) image ends too early: \(found)"
    case .tooLarge(let path, let width, let height, let limit):
      "\(path): \(width)×\(height) is more than the \(limit) pixels that an image may have"
    case .badSize(let path, let reason): "\(path): the image cannot be decoded: \(reason)"
    case .noMemory(let path, let width, let height): "\(path): there is no memory for \(width)×\(height) pixels"
    case .notEncoded(let path, let format, let reason):
      "\(path): the image cannot be written as \(format): \(reason)"
    }
  }
}
