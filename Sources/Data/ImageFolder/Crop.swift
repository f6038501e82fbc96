import Imaging

/// Which parts of a photograph of a folder become images of a data set, all of one aspect ratio.
public enum Crop: String, Codable, CaseIterable, Sendable {
  /// The largest part about the center.
  case center
  /// One of `placeCount` parts of the same size along the photograph's longer side, drawn anew in each epoch.
  case random
  /// Several parts of the same size, side by side along the photograph's longer side: `RGBImage.tiles`.
  case all

  /// Number of places from which `random` draws.
  public static let placeCount = 5

  /// The least number of parts of a photograph.
  var leastCount: Int { self == .random ? Self.placeCount : 1 }

  /// The largest number of parts of a photograph.
  var largestCount: Int {
    switch self {
    case .center: 1
    case .random: Self.placeCount
    case .all: RGBImage.largestTileCount
    }
  }

  /// Version of the parts: changes whenever the same photographs give others.
  static let method = 1

  /// Returns the parts of a photograph at a size.
  func images(of photograph: RGBImage, width: Int, height: Int) -> [RGBImage] {
    switch self {
    case .center: [photograph.filled(width: width, height: height)]
    case .random: photograph.tiles(width: width, height: height, count: Self.placeCount)
    case .all: photograph.tiles(width: width, height: height)
    }
  }
}
