import Imaging

/// Color images of one size in one block of bytes, ready to be put on a device as a whole.
public struct ImageDataset: Sendable {
  /// What it is, for people: `CIFAR-10 training`.
  public let name: String
  /// Where it came from: a folder, or `scenes`.
  public let source: String
  /// Pixels in a row of every image.
  public let width: Int
  /// Rows of every image.
  public let height: Int
  /// Red, green, blue in sRGB: `[count, height, width, 3]`.
  public let bytes: ImageBytes
  /// Class of every image, where it is known.
  public let labels: [UInt16]?
  /// Names of the classes, in the labels' order; empty where nobody named them.
  public let classNames: [String]
  /// SHA-256 of `bytes`, where it is known already.
  let sha256: String?

  /// `bytes` must be `[count, height, width, 3]`, and `labels` as many as images.
  public init(
    name: String, source: String, width: Int, height: Int, bytes: [UInt8], labels: [UInt16]? = nil,
    classNames: [String] = []
  ) {
    self.init(
      name: name, source: source, width: width, height: height, bytes: ImageBytes(bytes), labels: labels,
      classNames: classNames, sha256: nil)
  }

  init(
    name: String, source: String, width: Int, height: Int, bytes: ImageBytes, labels: [UInt16]?, classNames: [String],
    sha256: String?
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
    self.sha256 = sha256
  }

  /// Bytes of one image.
  public var imageByteCount: Int { 3 * width * height }

  /// Number of images.
  public var count: Int { bytes.count / imageByteCount }

  /// One image.
  public subscript(index: Int) -> RGBImage {
    RGBImage(
      width: width, height: height, bytes: Array(bytes[index * imageByteCount..<(index + 1) * imageByteCount]))
  }

  /// The images with these numbers, in this order.
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
}
