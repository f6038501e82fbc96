import Foundation
import Runtime

extension Reference {
  /// `activation(x)` of every element; `nil` is the identity.
  public static func activationForward(_ input: ReferenceTensor, _ activation: Activation?) -> ReferenceTensor {
    switch activation {
    case nil: input
    case .leakyReLU(let slope): input.map { max($0, Double(slope) * $0) }
    case .tanh: input.map { tanh($0) }
    case .sigmoid: input.map { 1 / (1 + exp(-$0)) }
    }
  }

  /// `outputGradient · activation′`, the derivative taken from the output y; `nil` is the identity.
  public static func activationBackward(
    output: ReferenceTensor, outputGradient: ReferenceTensor, _ activation: Activation?
  ) -> ReferenceTensor {
    func derivative(_ y: Double) -> Double {
      switch activation {
      case nil: 1
      case .leakyReLU(let slope): y > 0 ? 1 : Double(slope)
      case .tanh: 1 - y * y
      case .sigmoid: y * (1 - y)
      }
    }
    return ReferenceTensor(
      output.shape, zip(output.values, outputGradient.values).map { y, gradient in gradient * derivative(y) })
  }
}

extension ActivationForward: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    memory[output] = Reference.activationForward(memory[input], activation)
  }
}

extension ActivationBackward: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    memory[inputGradient] = Reference.activationBackward(
      output: memory[output], outputGradient: memory[outputGradient], activation)
  }
}

extension Activation {
  /// For a case's label.
  var label: String {
    switch self {
    case .leakyReLU(let slope): "LeakyReLU \(slope)"
    case .tanh: "tanh"
    case .sigmoid: "sigmoid"
    }
  }
}

extension KernelCases {
  static let activations: [Activation] = [.leakyReLU(slope: 0.01), .leakyReLU(slope: 0.2), .tanh, .sigmoid]

  static func activation(_ size: CaseSize) -> [KernelCase] {
    switch size {
    case .smallest:
      return activations.flatMap { activation -> [KernelCase] in
        let shape = Shape(1, 3, 5, 3)
        let slice = Placement.channelSlice(before: 1, after: 2)
        return [
          activationForward(shape, activation), activationForward(shape, activation, inPlace: true),
          activationBackward(shape, activation, slice), activationBackward(shape, activation, inPlace: true),
        ]
      }
    case .awkward:
      let shapes = [
        Shape(1, 1, 1, 1), Shape(3, 5, 7, 3), Shape(1, 9, 2, 17), Shape(3, 16, 16, 16), Shape(1, 31, 33, 33),
      ]
      return activations.flatMap { activation in
        shapes.flatMap { shape -> [KernelCase] in
          let slice = Placement.channelSlice(before: 3, after: 2)
          return [
            activationForward(shape, activation), activationForward(shape, activation, slice),
            activationForward(shape, activation, inPlace: true),
            activationForward(shape, activation, slice, inPlace: true),
            activationBackward(shape, activation), activationBackward(shape, activation, slice),
            activationBackward(shape, activation, inPlace: true),
            activationBackward(shape, activation, slice, inPlace: true),
          ]
        }
      }
    case .trainingStep(let width, let batch):
      let shape = Shape(batch, 32, 32, width)
      let activation = Activation.leakyReLU(slope: 0.01)
      return [activationForward(shape, activation), activationBackward(shape, activation)]
    }
  }

  private static func label(_ shape: Shape, _ activation: Activation, _ placement: Placement, _ inPlace: Bool) -> String
  {
    KernelCase.label("\(shape)", activation.label, placement.label, inPlace ? "in place" : nil)
  }

  private static func activationForward(
    _ shape: Shape, _ activation: Activation, _ placement: Placement = .dense, inPlace: Bool = false
  ) -> KernelCase {
    KernelCase(ActivationForward.name, .forward, label(shape, activation, placement, inPlace)) { tensors in
      // Wide enough for tanh and sigmoid to saturate.
      let input = tensors.input("input", tensors.random.floats(shape, in: -12...12), placement)
      let output = inPlace ? input : tensors.output("output", shape, placement)
      return ActivationForward(input: input, output: output, activation: activation)
    }
  }

  private static func activationBackward(
    _ shape: Shape, _ activation: Activation, _ placement: Placement = .dense, inPlace: Bool = false
  ) -> KernelCase {
    KernelCase(ActivationBackward.name, .backward, label(shape, activation, placement, inPlace)) { tensors in
      let input = tensors.random.floats(shape, in: -4...4)
      let output = Reference.activationForward(input, activation).roundedToFloat
      let outputTensor = tensors.input("output", output, placement)
      let outputGradient = tensors.input("outputGradient", tensors.random.floats(shape), placement)
      let inputGradient = inPlace ? outputGradient : tensors.output("inputGradient", shape, placement)
      return ActivationBackward(
        output: outputTensor, outputGradient: outputGradient, inputGradient: inputGradient, activation: activation)
    }
  }
}
