import Runtime

/// One named tensor of a network: trained (weights, biases, scales) or tracked (running statistics).
public struct Parameter {
  /// PyTorch's name: `encoding_unit1.0.weight`.
  public let name: String
  /// `[kernelHeight, kernelWidth, inputChannels, outputChannels]`, or `[1, 1, 1, count]`.
  public let shape: Shape
  public let layout: ParameterLayout
  /// The value before training.
  public let initialValue: InitialValue
  /// Index of its first element in the flat memory of its kind.
  let offset: Int
  let isTrained: Bool
}

/// The value of a parameter before training.
public enum InitialValue: Sendable {
  case constant(Float)
  case random(Distribution)

  /// PyTorch's default for convolutions: uniform within ± 1/√fanIn (Kaiming uniform with a = √5).
  static func uniform(fanIn: Int) -> InitialValue {
    let bound = 1 / Float(fanIn).squareRoot()
    return .random(.uniform(low: -bound, high: bound))
  }
}

/// The order of a parameter's elements in a file, where it differs from memory.
///
/// Memory keeps every kernel as `[kernelHeight, kernelWidth, inputChannels, outputChannels]`; files keep PyTorch's
/// order.
public enum ParameterLayout: Sendable {
  /// Files: `[outputChannels, inputChannels, kernelHeight, kernelWidth]`.
  case convolution
  /// Files: `[inputChannels, outputChannels, kernelHeight, kernelWidth]`.
  case transposedConvolution
  /// Files: `[count]`.
  case vector
}

// MARK: Between memory and files

extension Parameter {
  /// The extents in a file.
  var fileShape: [Int] {
    switch layout {
    case .convolution: [shape.channels, shape.width, shape.batch, shape.height]
    case .transposedConvolution: [shape.width, shape.channels, shape.batch, shape.height]
    case .vector: [shape.channels]
    }
  }

  /// Returns elements in the file's order, given in the memory's.
  func fileValues(fromMemory values: [Float]) -> [Float] {
    guard layout != .vector else { return values }
    var result = [Float](repeating: 0, count: values.count)
    forEachElement { memory, file in result[file] = values[memory] }
    return result
  }

  /// Returns elements in the memory's order, given in the file's.
  func memoryValues(fromFile values: [Float]) -> [Float] {
    guard layout != .vector else { return values }
    var result = [Float](repeating: 0, count: values.count)
    forEachElement { memory, file in result[memory] = values[file] }
    return result
  }

  /// Calls `body` with the index of each element in memory and in a file.
  private func forEachElement(_ body: (_ memory: Int, _ file: Int) -> Void) {
    let taps = shape.batch * shape.height
    let inputs = shape.width
    let outputs = shape.channels
    for tap in 0..<taps {
      for input in 0..<inputs {
        for output in 0..<outputs {
          let row = layout == .convolution ? output * inputs + input : input * outputs + output
          body((tap * inputs + input) * outputs + output, row * taps + tap)
        }
      }
    }
  }
}
