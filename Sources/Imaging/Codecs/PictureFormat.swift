/// The kinds of image files that can be written.
public enum PictureFormat: Sendable, Equatable {
  case png
  /// Quality as libjpeg counts it, 1...100. From 90 on, colors are stored as finely as light and dark.
  case jpeg(quality: Int)

  /// The format's name.
  public var name: String {
    switch self {
    case .png: "PNG"
    case .jpeg: "JPEG"
    }
  }

  /// Pixels that the format can have in a row and in a column.
  var largestSide: Int {
    switch self {
    case .png: Int(Int32.max)
    case .jpeg: 65500
    }
  }
}
