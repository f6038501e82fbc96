import Files

/// What can go wrong with an image file. `description` is one line that names the file.
public enum ImageError: Error, Equatable {
  case file(FileError)
  /// The bytes are neither a PNG nor a JPEG file.
  case unknownFormat(path: String)
  /// The file is of a known format, but broken or of a kind that is not read.
  case damaged(path: String, format: String, reason: String)
  /// The image has more pixels than `RGBImage.maximumPixelCount`.
  case tooLarge(path: String, width: Int, height: Int)
  /// The image could not be turned into a file.
  case notEncoded(path: String, reason: String)
}

extension ImageError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .unknownFormat(let path): "\(path): neither a PNG nor a JPEG image"
    case .damaged(let path, let format, let reason): "\(path): the \(format) image cannot be decoded: \(reason)"
    case .tooLarge(let path, let width, let height):
      "\(path): \(width)×\(height) is more than the \(RGBImage.maximumPixelCount) pixels that an image may have"
    case .notEncoded(let path, let reason): "\(path): the image cannot be written as PNG: \(reason)"
    }
  }
}
