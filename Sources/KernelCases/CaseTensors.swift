import Runtime

/// Makes the tensors of one case and keeps their contents before the operation.
struct CaseTensors {
  var random: RandomValues
  /// Contents before the operation.
  private(set) var inputs: [TensorValues] = []
  /// Set the operation's variables for planning or launching it.
  private(set) var variableSetters: [(_ isLaunch: Bool) -> Void] = []

  init(seed: String) { random = RandomValues(seed: seed) }

  /// A tensor that holds `values` when the operation starts.
  mutating func input(
    _ name: String, _ values: ReferenceTensor, _ placement: Placement = .dense, _ elementType: ElementType = .float32
  ) -> Tensor {
    let tensor = placement.tensor(name, values.shape, elementType)
    inputs.append(TensorValues(tensor, values))
    return tensor
  }

  /// A variable that is `value` when the operation is launched, and `earlier` while it is planned.
  mutating func variable<Value>(_ value: Value, whilePlanned earlier: Value) -> Variable<Value> {
    let variable = Variable(earlier)
    variableSetters.append { isLaunch in variable.value = isLaunch ? value : earlier }
    return variable
  }

  /// A tensor that is poisoned when the operation starts.
  func output(
    _ name: String, _ shape: Shape, _ placement: Placement = .dense, _ elementType: ElementType = .float32
  ) -> Tensor {
    placement.tensor(name, shape, elementType)
  }

  /// A tensor that the operation adds to where `old` is given, and overwrites where it is not.
  mutating func output(_ name: String, _ shape: Shape, _ placement: Placement = .dense, addingTo old: ReferenceTensor?)
    -> Tensor
  {
    guard let old else { return output(name, shape, placement) }
    return input(name, old, placement)
  }
}

/// The layout of a case's tensor in its storage. The rest of the storage must not be read or changed.
enum Placement: Hashable, Sendable {
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

/// Random numbers for the inputs of cases, the same on every run and machine: SplitMix64 (Steele, Lea and Flood 2014).
struct RandomValues: RandomNumberGenerator {
  private var state: UInt64

  /// Seeds the generator with FNV-1a of `text`, so that a case's numbers do not depend on the cases before it.
  init(seed text: String) {
    state = text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// Floats, uniform on `range`.
  mutating func floats(_ shape: Shape, in range: ClosedRange<Double> = -1...1) -> ReferenceTensor {
    let width = range.upperBound - range.lowerBound
    return ReferenceTensor(
      shape,
      (0..<shape.count).map { _ in
        Double(Float(range.lowerBound + width * Double(next() >> 11) * 0x1p-53))
      })
  }

  /// Whole numbers of `range`: sums of their products are exact in float, in whatever order they are added.
  mutating func integers(_ shape: Shape, in range: ClosedRange<Int> = -3...3) -> ReferenceTensor {
    ReferenceTensor(
      shape,
      (0..<shape.count).map { _ in Double(range.lowerBound + Int(next() >> 33) % range.count) })
  }
}
