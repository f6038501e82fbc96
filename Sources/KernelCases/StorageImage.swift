import Runtime

/// A storage's bytes on the host: poison wherever no input lies.
struct StorageImage {
  let elementType: ElementType
  private(set) var bytes: [UInt8]

  /// A quiet NaN of a pattern that no computation gives, and whole numbers out of any index's range.
  private static let poison: [UInt8] = [0xad, 0xde, 0xfa, 0x7f]

  init(_ storage: TensorStorage) {
    elementType = storage.elementType
    bytes = Self.poisoned(byteCount: storage.byteCount)
  }

  /// That many bytes of NaN.
  static func poisoned(byteCount: Int) -> [UInt8] { (0..<byteCount).map { poison[$0 & 3] } }

  init(elementType: ElementType, bytes: [UInt8]) {
    self.elementType = elementType
    self.bytes = bytes
  }

  /// Writes a tensor's values into its elements.
  mutating func write(_ contents: TensorValues) {
    bytes.withUnsafeMutableBytes { buffer in
      for (index, value) in zip(contents.tensor.elementIndices, contents.values.values) {
        switch elementType {
        case .float32: buffer.storeBytes(of: Float(value), toByteOffset: 4 * index, as: Float.self)
        case .uint32: buffer.storeBytes(of: UInt32(value), toByteOffset: 4 * index, as: UInt32.self)
        case .uint8: buffer[index] = UInt8(value)
        }
      }
    }
  }

  /// The values of a tensor's elements, in its order.
  func read(_ tensor: Tensor) -> [Double] {
    bytes.withUnsafeBytes { buffer in
      tensor.elementIndices.map { index in
        switch elementType {
        case .float32: Double(buffer.loadUnaligned(fromByteOffset: 4 * index, as: Float.self))
        case .uint32: Double(buffer.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
        case .uint8: Double(buffer[index])
        }
      }
    }
  }

  /// Index of the first element whose bits differ from `other`'s, where `isCompared`.
  func firstDifference(from other: StorageImage, where isCompared: (Int) -> Bool = { _ in true }) -> Int? {
    let size = elementType.byteCount
    return (0..<bytes.count / size).first { index in
      isCompared(index) && (index * size..<(index + 1) * size).contains { bytes[$0] != other.bytes[$0] }
    }
  }
}

extension Tensor {
  /// Where each element lies in the storage, in the order `[n, y, x, c]`.
  var elementIndices: [Int] {
    (0..<shape.count).map { offset + $0 / shape.channels * pixelStride + $0 % shape.channels }
  }
}
