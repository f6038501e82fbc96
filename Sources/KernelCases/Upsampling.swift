import Foundation
import Runtime

extension Reference {
  /// Returns the input rows (or columns) that an output row is interpolated from, with their weights. Pixel centers lie
  /// at halves, edges are clamped.
  static func upsamplingSources(_ position: Int, extent: Int, mode: UpsamplingMode, factor: Int)
    -> [(position: Int, weight: Double)]
  {
    switch mode {
    case .nearest: return [(position / factor, 1)]
    case .bilinear:
      let source = max((Double(position) + 0.5) / Double(factor) - 0.5, 0)
      let low = Int(source)
      let weight = source - Double(low)
      return [(low, 1 - weight), (min(low + 1, extent - 1), weight)]
    }
  }

  /// - Parameter input: `[N, H, W, C]`
  /// - Returns: `[N, H · factor, W · factor, C]`
  public static func upsamplingForward(input: ReferenceTensor, mode: UpsamplingMode, factor: Int) -> ReferenceTensor {
    let shape = input.shape
    var output = ReferenceTensor(Shape(shape.batch, shape.height * factor, shape.width * factor, shape.channels))
    forEachUpsampled(shape, mode, factor) { n, y, x, row, column, weight in
      for c in 0..<shape.channels { output[n, y, x, c] += weight * input[n, row, column, c] }
    }
    return output
  }

  /// - Parameters:
  ///   - outputGradient: `[N, H · factor, W · factor, C]`
  ///   - inputShape: `[N, H, W, C]`
  public static func upsamplingBackward(
    outputGradient: ReferenceTensor, inputShape: Shape, mode: UpsamplingMode, factor: Int
  ) -> ReferenceTensor {
    var inputGradient = ReferenceTensor(inputShape)
    forEachUpsampled(inputShape, mode, factor) { n, y, x, row, column, weight in
      for c in 0..<inputShape.channels { inputGradient[n, row, column, c] += weight * outputGradient[n, y, x, c] }
    }
    return inputGradient
  }

  /// Calls `body` with every output pixel (n, y, x) and each input pixel (row, column) that contributes to it.
  private static func forEachUpsampled(
    _ inputShape: Shape, _ mode: UpsamplingMode, _ factor: Int,
    _ body: (_ n: Int, _ y: Int, _ x: Int, _ row: Int, _ column: Int, _ weight: Double) -> Void
  ) {
    for n in 0..<inputShape.batch {
      for y in 0..<inputShape.height * factor {
        for x in 0..<inputShape.width * factor {
          for row in upsamplingSources(y, extent: inputShape.height, mode: mode, factor: factor) {
            for column in upsamplingSources(x, extent: inputShape.width, mode: mode, factor: factor) {
              body(n, y, x, row.position, column.position, row.weight * column.weight)
            }
          }
        }
      }
    }
  }
}

extension UpsamplingForward: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    memory[output] = Reference.upsamplingForward(input: memory[input], mode: mode, factor: factor)
  }
}

extension UpsamplingBackward: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    memory[inputGradient] = Reference.upsamplingBackward(
      outputGradient: memory[outputGradient], inputShape: inputGradient.shape, mode: mode, factor: factor)
  }
}

extension KernelCases {
  static func upsampling(_ size: CaseSize) -> [KernelCase] {
    let slice = Placement.channelSlice(before: 1, after: 2)
    return UpsamplingMode.allCases.flatMap { mode -> [KernelCase] in
      switch size {
      case .smallest:
        return [
          upsamplingForward(Shape(1, 3, 2, 3), mode, slice), upsamplingForward(Shape(1, 1, 1, 1), mode),
          upsamplingBackward(Shape(1, 3, 2, 3), mode, slice), upsamplingBackward(Shape(1, 1, 1, 1), mode),
        ]
      case .awkward:
        let shapes = [
          Shape(1, 1, 1, 1), Shape(3, 1, 2, 3), Shape(1, 2, 2, 17), Shape(3, 5, 7, 3), Shape(1, 16, 16, 16),
          Shape(3, 3, 8, 33), Shape(1, 9, 13, 64),
        ]
        return shapes.flatMap { shape -> [KernelCase] in
          [
            upsamplingForward(shape, mode), upsamplingForward(shape, mode, slice),
            upsamplingBackward(shape, mode), upsamplingBackward(shape, mode, slice),
          ]
        } + [
          upsamplingForward(Shape(3, 5, 2, 5), mode, factor: 3), upsamplingForward(Shape(1, 3, 4, 17), mode, factor: 4),
          upsamplingBackward(Shape(3, 5, 2, 5), mode, factor: 3),
          upsamplingBackward(Shape(1, 3, 4, 17), mode, factor: 4),
        ]
      case .trainingStep(let width, let batch):
        return (0..<4).flatMap { level -> [KernelCase] in
          let shape = Shape(batch, 16 >> level, 16 >> level, width << (level + 1))
          return [upsamplingForward(shape, mode), upsamplingBackward(shape, mode)]
        }
      }
    }
  }

  private static func label(_ shape: Shape, _ mode: UpsamplingMode, _ placement: Placement, _ factor: Int) -> String {
    KernelCase.label("\(shape)", mode.rawValue, "factor \(factor)", placement.label)
  }

  private static func upsamplingForward(
    _ shape: Shape, _ mode: UpsamplingMode, _ placement: Placement = .dense, factor: Int = 2
  ) -> KernelCase {
    KernelCase(
      UpsamplingForward.name, .forward, label(shape, mode, placement, factor),
      tolerance: mode == .nearest ? 0 : KernelCase.defaultTolerance
    ) { tensors in
      let outputShape = Shape(shape.batch, shape.height * factor, shape.width * factor, shape.channels)
      return UpsamplingForward(
        input: tensors.input("input", tensors.random.floats(shape), placement),
        output: tensors.output("output", outputShape, placement), mode: mode, factor: factor)
    }
  }

  private static func upsamplingBackward(
    _ shape: Shape, _ mode: UpsamplingMode, _ placement: Placement = .dense, factor: Int = 2
  ) -> KernelCase {
    KernelCase(UpsamplingBackward.name, .backward, label(shape, mode, placement, factor)) { tensors in
      let outputShape = Shape(shape.batch, shape.height * factor, shape.width * factor, shape.channels)
      return UpsamplingBackward(
        outputGradient: tensors.input("outputGradient", tensors.random.floats(outputShape), placement),
        inputGradient: tensors.output("inputGradient", shape, placement), mode: mode, factor: factor)
    }
  }
}
