import Imaging

/// Which parts of a photograph of a folder become images of a data set, all of one aspect ratio.
public enum Crop: String, Codable, CaseIterable, Sendable {
  /// The largest part about the center.
  case center
  /// Several parts of the same size, side by side along the photograph's longer side: `RGBImage.tiles`.
  case all

  /// Version of the parts: changes whenever the same photographs give others.
  static let method = 1

  /// Returns the parts of a photograph at a size.
  func images(of photograph: RGBImage, width: Int, height: Int) -> [RGBImage] {
    switch self {
    case .center: [photograph.filled(width: width, height: height)]
    case .all: photograph.tiles(width: width, height: height)
    }
  }
}
