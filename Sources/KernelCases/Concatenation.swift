import Runtime

extension Reference {
  /// The inputs' channels, one after the other.
  public static func concatenation(_ inputs: [ReferenceTensor]) -> ReferenceTensor {
    guard let first = inputs.first?.shape else { return ReferenceTensor(Shape(vector: 0)) }
    let channels = inputs.reduce(0) { $0 + $1.shape.channels }
    var values: [Double] = []
    for pixel in 0..<first.pixelCount {
      for input in inputs { values += input.values[pixel * input.shape.channels..<(pixel + 1) * input.shape.channels] }
    }
    return ReferenceTensor(Shape(first.batch, first.height, first.width, channels), values)
  }

  /// Consecutive runs of the input's channels: the gradient of `concatenation`.
  public static func split(_ input: ReferenceTensor, channels counts: [Int]) -> [ReferenceTensor] {
    let shape = input.shape
    var start = 0
    return counts.map { count in
      defer { start += count }
      let values = (0..<shape.pixelCount).flatMap { (pixel: Int) -> ArraySlice<Double> in
        let first = pixel * shape.channels + start
        return input.values[first..<first + count]
      }
      return ReferenceTensor(Shape(shape.batch, shape.height, shape.width, count), values)
    }
  }
}

extension Concatenation: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    memory[output] = Reference.concatenation(inputs.map { memory[$0] })
  }
}

extension Split: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    let parts = Reference.split(memory[input], channels: outputs.map(\.shape.channels))
    for (output, part) in zip(outputs, parts) { memory[output] = part }
  }
}

extension KernelCases {
  static func concatenation(_ size: CaseSize) -> [KernelCase] {
    let slice = Placement.channelSlice(before: 1, after: 2)
    switch size {
    case .smallest:
      return [
        concatenate(Shape(1, 3, 2, 0), [3, 1], slice), concatenate(Shape(2, 1, 2, 0), [1, 4, 2], .dense),
        split(Shape(1, 3, 2, 0), [3, 1], slice), split(Shape(2, 1, 2, 0), [1, 4, 2], .dense),
      ]
    case .awkward:
      let pixels = [Shape(1, 1, 1, 0), Shape(3, 5, 7, 0), Shape(2, 16, 16, 0)]
      let channels = [[1, 3], [16, 16], [17, 3, 1], [33, 64], [5]]
      return pixels.flatMap { pixels in
        channels.flatMap { channels in
          [Placement.dense, slice].flatMap { placement in
            [concatenate(pixels, channels, placement), split(pixels, channels, placement)]
          }
        }
      }
    case .trainingStep(let width, let batch):
      return (0..<4).flatMap { level -> [KernelCase] in
        let pixels = Shape(batch, 32 >> level, 32 >> level, 0)
        let channels = [width << level, width << level]
        return [concatenate(pixels, channels, .dense), split(pixels, channels, .dense)]
      }
    }
  }

  private static func label(_ pixels: Shape, _ channels: [Int], _ placement: Placement) -> String {
    let sum = channels.map(String.init).joined(separator: "+")
    return KernelCase.label("\(pixels.batch)×\(pixels.height)×\(pixels.width)×(\(sum))", placement.label)
  }

  /// - Parameter pixels: a shape whose channels are ignored
  private static func concatenate(_ pixels: Shape, _ channels: [Int], _ placement: Placement) -> KernelCase {
    KernelCase(Concatenation.name, .forward, label(pixels, channels, placement), tolerance: 0) { tensors in
      var inputs: [Tensor] = []
      for (index, count) in channels.enumerated() {
        let input = tensors.random.floats(Shape(pixels.batch, pixels.height, pixels.width, count))
        inputs.append(tensors.input("input\(index)", input, placement))
      }
      let sum = channels.reduce(0, +)
      let output = tensors.output("output", Shape(pixels.batch, pixels.height, pixels.width, sum), placement)
      return Concatenation(inputs: inputs, output: output)
    }
  }

  private static func split(_ pixels: Shape, _ channels: [Int], _ placement: Placement) -> KernelCase {
    KernelCase(Split.name, .backward, label(pixels, channels, placement), tolerance: 0) { tensors in
      let sum = channels.reduce(0, +)
      let input = tensors.random.floats(Shape(pixels.batch, pixels.height, pixels.width, sum))
      let outputs = channels.enumerated().map { [tensors] index, count in
        tensors.output("output\(index)", Shape(pixels.batch, pixels.height, pixels.width, count), placement)
      }
      return Split(input: tensors.input("input", input, placement), outputs: outputs)
    }
  }
}
