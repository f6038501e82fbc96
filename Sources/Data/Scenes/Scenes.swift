import Runtime

/// The built-in data set: painted scenes whose colors mostly follow from their shapes (sky, sea, grass, trees, houses,
/// the sun), with some objects (balloons, cars, flowers) of any saturated hue, which does not show in their gray copy.
/// Every scene is a function of the seed and its number.
public enum Scenes {
  public enum Part: String, Sendable, CaseIterable {
    case training
    case test
  }

  /// The subject of a scene; its raw value is the image's label.
  enum Setting: UInt8, CaseIterable {
    case meadow, sea, mountains, village, road, garden
  }

  /// Returns the default number of scenes in a part.
  public static func standardCount(_ part: Part) -> Int { part == .training ? 10_000 : 1_000 }

  /// Returns the scenes number 0..<count of a part.
  /// - Parameter seed: The seed of the scenes, which is not that of a run: runs of different seeds train on the same
  ///   scenes.
  /// - Throws: `DataError.imageSize`.
  public static func dataset(
    _ part: Part, count: Int? = nil, width: Int = 32, height: Int = 32, seed: UInt64 = 0
  ) throws(DataError) -> ImageDataset {
    let count = count ?? standardCount(part)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(try ImageDataset.byteCount(width: width, height: height, count: count))
    var labels: [UInt16] = []
    labels.reserveCapacity(count)
    for number in 0..<count {
      var painter = ScenePainter(width: width, height: height, random: random(part, number: number, seed: seed))
      labels.append(UInt16(painter.paintScene().rawValue))
      for pixel in painter.canvas.pixels {
        for channel in 0..<3 { bytes.append(UInt8((255 * max(0, min(1, pixel[channel]))).rounded())) }
      }
    }
    return ImageDataset(
      name: "scenes \(part.rawValue)", source: "scenes", width: width, height: height, bytes: bytes, labels: labels,
      classNames: Setting.allCases.map { "\($0)" })
  }

  private static func random(_ part: Part, number: Int, seed: UInt64) -> Philox {
    let stream: UInt64 = part == .training ? 0x7363_7472 : 0x7363_7465
    return Philox(seed: seed, stream: stream << 32 | UInt64(number))
  }
}
