import Files
import Imaging
import Runtime

/// Color images of one size in one block of bytes, which can be copied to a device as a whole.
public struct ImageDataset: Sendable {
  /// The name to show: `CIFAR-10 training`.
  public let name: String
  /// The origin: a folder, or `scenes`.
  public let source: String
  /// Width of every image in pixels.
  public let width: Int
  /// Height of every image in pixels.
  public let height: Int
  /// The images, `[count, height, width, 3]`: red, green and blue in sRGB.
  public let bytes: ImageBytes
  /// The class of every image; nil where unknown.
  public let labels: [UInt16]?
  /// Names of the classes in the order of the labels; empty where unknown.
  public let classNames: [String]
  /// Number of images, the last ones, that are for validation alone; nil where validation images are drawn from all.
  public let heldOutCount: Int?
  /// SHA-256 of `bytes`; nil where it is not computed yet.
  let sha256: String?

  /// - Precondition: `bytes` are `[count, height, width, 3]`, and `labels` are `[count]`.
  public init(
    name: String, source: String, width: Int, height: Int, bytes: [UInt8], labels: [UInt16]? = nil,
    classNames: [String] = []
  ) {
    self.init(
      name: name, source: source, width: width, height: height, bytes: ImageBytes(bytes), labels: labels,
      classNames: classNames, heldOutCount: nil, sha256: nil)
  }

  init(
    name: String, source: String, width: Int, height: Int, bytes: ImageBytes, labels: [UInt16]?, classNames: [String],
    heldOutCount: Int?, sha256: String?
  ) {
    precondition(width > 0 && height > 0 && bytes.count % (3 * width * height) == 0, "not [count, height, width, 3]")
    precondition(labels.map { $0.count == bytes.count / (3 * width * height) } ?? true, "not one label for each image")
    self.name = name
    self.source = source
    self.width = width
    self.height = height
    self.bytes = bytes
    self.labels = labels
    self.classNames = classNames
    self.heldOutCount = heldOutCount
    self.sha256 = sha256
  }

  /// Number of bytes of an image.
  public var imageByteCount: Int { 3 * width * height }

  /// Number of images.
  public var count: Int { bytes.count / imageByteCount }

  /// The image of number `index`.
  public subscript(index: Int) -> RGBImage {
    RGBImage(
      width: width, height: height, bytes: Array(bytes[index * imageByteCount..<(index + 1) * imageByteCount]))
  }

  /// Returns the images of the given numbers, in the given order.
  public func subset(_ indices: some Sequence<UInt32>, name: String? = nil) -> ImageDataset {
    var picked: [UInt8] = []
    var pickedLabels: [UInt16] = []
    bytes.withUnsafeBufferPointer { bytes in
      for index in indices {
        let first = Int(index) * imageByteCount
        picked += bytes[first..<first + imageByteCount]
        if let labels { pickedLabels.append(labels[Int(index)]) }
      }
    }
    return ImageDataset(
      name: name ?? self.name, source: source, width: width, height: height, bytes: picked,
      labels: labels == nil ? nil : pickedLabels, classNames: classNames)
  }

  /// Returns the images of the given range of numbers, without a copy where they are in a mapped file.
  public func slice(_ range: Range<Int>, name: String) -> ImageDataset {
    ImageDataset(
      name: name, source: source, width: width, height: height,
      bytes: bytes.slice(range.lowerBound * imageByteCount..<range.upperBound * imageByteCount),
      labels: labels.map { Array($0[range]) }, classNames: classNames, heldOutCount: nil, sha256: nil)
  }

  /// Returns the mean squared error of the gray copies of the images of the given numbers, the mean of red, green and
  /// blue in each channel, over all their values in 0...1; 0 where there are none.
  public func grayError(of indices: [UInt32]) -> Double {
    guard !indices.isEmpty else { return 0 }
    // Three times the sum of squares, exactly: Σ(c − m)² = Σc² − (Σc)²/3 for a pixel's values c and their mean m.
    var sum = 0
    bytes.withUnsafeBufferPointer { bytes in
      for index in indices {
        for first in stride(from: Int(index) * imageByteCount, to: (Int(index) + 1) * imageByteCount, by: 3) {
          let (red, green, blue) = (Int(bytes[first]), Int(bytes[first + 1]), Int(bytes[first + 2]))
          let total = red + green + blue
          sum += 3 * (red * red + green * green + blue * blue) - total * total
        }
      }
    }
    return Double(sum) / (3 * 255 * 255) / Double(indices.count * imageByteCount)
  }

  /// Largest number of bytes of a data set: half of the memory that this process may use, because a device, which may be
  /// the processor, holds a second copy.
  public static var byteLimit: Int { ControlGroup.system.usableMemory / 2 }

  /// Returns the number of bytes of `count` images, 3 · width · height · count.
  /// - Throws: `DataError.imageSize` where a side is below 1, or the bytes are more than `limit`.
  public static func byteCount(width: Int, height: Int, count: Int, limit: Int = byteLimit) throws(DataError) -> Int {
    let failure = DataError.imageSize(width: width, height: height, count: count, limit: limit)
    guard width > 0, height > 0, count >= 0 else { throw failure }
    var product = 3
    for factor in [width, height, count] {
      let (value, overflow) = product.multipliedReportingOverflow(by: factor)
      guard !overflow, value <= limit else { throw failure }
      product = value
    }
    return product
  }
}

/// The identity of a data set's images: a run is resumed only with the images that it started with.
public struct DataFingerprint: Codable, Equatable, Sendable {
  public let imageCount: Int
  /// SHA-256 of all images' bytes in 64 hexadecimal digits.
  public let sha256: String

  /// - Throws: `DataError.library` where no digest can be computed.
  public init(of dataset: ImageDataset) throws(DataError) {
    imageCount = dataset.count
    if let known = dataset.sha256 {
      sha256 = known
      return
    }
    sha256 = try withDataErrors { () throws(SHA256.Failure) in
      try dataset.bytes.withUnsafeBytes { bytes throws(SHA256.Failure) in try SHA256.hexadecimal(of: bytes) }
    }
  }
}
