/// The type of a tensor's elements.
public enum ElementType: String, Sendable {
  case float32
  case uint32
  case uint8

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .float32, .uint32: 4
    case .uint8: 1
    }
  }
}

/// The elements behind one or more tensors. It is created without memory; a plan decides where it lives and then sets
/// `memory`. A backend reads `memory` when it binds a planned operation, never before.
public final class TensorStorage {
  /// The name in messages and tables: `encoding_unit1.0.output`.
  public let name: String
  public let elementType: ElementType
  /// Number of elements.
  public let count: Int
  /// Where the elements are; element 0 is at byte 0 of this range.
  public var memory: DeviceMemory?

  public init(name: String, elementType: ElementType, count: Int, memory: DeviceMemory? = nil) {
    self.name = name
    self.elementType = elementType
    self.count = count
    self.memory = memory
  }

  public var byteCount: Int { count * elementType.byteCount }
}

/// A view of a storage as `[batch, height, width, channels]`, channels innermost.
///
/// Element `(n, y, x, c)` is at `offset + ((n · height + y) · width + x) · pixelStride + c`. A dense tensor has
/// `pixelStride == shape.channels`; a slice of the channels of a wider tensor keeps the wider stride, so a producer can
/// write straight into its part of a concatenation.
public struct Tensor {
  public let storage: TensorStorage
  public let shape: Shape
  /// Index of the first element in the storage.
  public let offset: Int
  /// Distance between two neighbouring pixels, in elements.
  public let pixelStride: Int

  public init(storage: TensorStorage, shape: Shape, offset: Int = 0, pixelStride: Int? = nil) {
    self.storage = storage
    self.shape = shape
    self.offset = offset
    self.pixelStride = pixelStride ?? shape.channels
  }

  /// A dense tensor on a storage of its own.
  public init(_ name: String, _ shape: Shape, _ elementType: ElementType = .float32) {
    self.init(storage: TensorStorage(name: name, elementType: elementType, count: shape.count), shape: shape)
  }

  /// Index in the storage behind the last element.
  public var end: Int { offset + (shape.pixelCount - 1) * pixelStride + shape.channels }

  /// Whether the elements lie without gaps.
  public var isDense: Bool { pixelStride == shape.channels }

  /// The view of some channels: `[batch, height, width, range.count]`.
  public func channels(_ range: Range<Int>) -> Tensor {
    Tensor(
      storage: storage, shape: Shape(shape.batch, shape.height, shape.width, range.count),
      offset: offset + range.lowerBound, pixelStride: pixelStride)
  }

  /// The view of some of the images: `[range.count, height, width, channels]`.
  public func images(_ range: Range<Int>) -> Tensor {
    Tensor(
      storage: storage, shape: Shape(range.count, shape.height, shape.width, shape.channels),
      offset: offset + range.lowerBound * shape.height * shape.width * pixelStride, pixelStride: pixelStride)
  }
}
