import Runtime

/// How a case's tensor lies in its storage. What is left of the storage must not be read or changed.
public enum Placement: Hashable, Sendable {
  /// The storage is the tensor.
  case dense
  /// Some of the channels of a wider tensor: this many channels lie before and after it in every pixel.
  case channelSlice(before: Int, after: Int)
  /// Some of the images of a larger batch: this many images lie before and after it.
  case imageSlice(before: Int, after: Int)
  /// A dense part of flat memory: this many elements lie before and after it.
  case flat(before: Int, after: Int)

  /// A tensor of `shape` that lies so in a storage of its own.
  func tensor(_ name: String, _ shape: Shape, _ elementType: ElementType) -> Tensor {
    switch self {
    case .dense:
      return Tensor(name, shape, elementType)
    case .channelSlice(let before, let after):
      let wide = Shape(shape.batch, shape.height, shape.width, before + shape.channels + after)
      return Tensor(name, wide, elementType).channels(before..<before + shape.channels)
    case .imageSlice(let before, let after):
      let large = Shape(before + shape.batch + after, shape.height, shape.width, shape.channels)
      return Tensor(name, large, elementType).images(before..<before + shape.batch)
    case .flat(let before, let after):
      let storage = TensorStorage(name: name, elementType: elementType, count: before + shape.count + after)
      return Tensor(storage: storage, shape: shape, offset: before)
    }
  }

  /// For a case's label: `channel slice 2+C+1`; nothing for a dense tensor.
  var label: String? {
    switch self {
    case .dense: nil
    case .channelSlice(let before, let after): "channel slice \(before)+C+\(after)"
    case .imageSlice(let before, let after): "image slice \(before)+N+\(after)"
    case .flat(let before, _): "at element \(before)"
    }
  }
}
