import Imaging

/// Statistics of a data set.
public struct DatasetSummary: Sendable, Codable, Equatable {
  /// The number of images of a class.
  public struct LabelCount: Sendable, Codable, Equatable {
    public let label: Int
    /// Nil where the classes have no names.
    public let name: String?
    public let images: Int
  }

  public let name: String
  public let source: String
  public let images: Int
  public let width: Int
  public let height: Int
  /// In the order of the labels; nil without labels.
  public let labels: [LabelCount]?
  /// Mean of red, green and blue in 0...1.
  public let mean: [Double]
  /// Standard deviation of red, green and blue in 0...1, over all pixels.
  public let standardDeviation: [Double]
  /// Mean over images of the colorfulness by Hasler and Süsstrunk (2003), on the scale 0...255.
  public let colorfulness: Double

  /// - Precondition: `dataset` holds at least one image.
  public init(of dataset: ImageDataset) {
    name = dataset.name
    source = dataset.source
    images = dataset.count
    width = dataset.width
    height = dataset.height
    labels = dataset.labels.map { labels in
      var counts = [Int](repeating: 0, count: max(dataset.classNames.count, Int(labels.max() ?? 0) + 1))
      for label in labels { counts[Int(label)] += 1 }
      return counts.enumerated().map { label, count in
        LabelCount(
          label: label, name: label < dataset.classNames.count ? dataset.classNames[label] : nil, images: count)
      }
    }
    // Sums of bytes and of their squares fit an Int exactly, whatever the size of the set.
    var sums = [0, 0, 0]
    var squares = [0, 0, 0]
    dataset.bytes.withUnsafeBufferPointer { bytes in
      for channel in 0..<3 {
        var (sum, square) = (0, 0)
        for index in stride(from: channel, to: bytes.count, by: 3) {
          let value = Int(bytes[index])
          sum += value
          square += value * value
        }
        sums[channel] = sum
        squares[channel] = square
      }
    }
    let pixels = Double(dataset.bytes.count / 3)
    let means = sums.map { Double($0) / pixels }
    mean = means.map { $0 / 255 }
    standardDeviation = zip(squares, means).map { square, mean in
      max(0, Double(square) / pixels - mean * mean).squareRoot() / 255
    }
    colorfulness = (0..<dataset.count).reduce(0) { $0 + dataset[$1].colorfulness } / Double(dataset.count)
  }
}
