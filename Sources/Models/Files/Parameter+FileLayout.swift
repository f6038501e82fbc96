import Runtime

/// The way between memory, `[kernelHeight, kernelWidth, inputChannels, outputChannels]`, and PyTorch's order.
extension Parameter {
  /// The extents in a file.
  var fileShape: [Int] {
    switch layout {
    case .convolution: [shape.channels, shape.width, shape.batch, shape.height]
    case .transposedConvolution: [shape.width, shape.channels, shape.batch, shape.height]
    case .vector: [shape.channels]
    }
  }

  func fileValues(fromMemory values: [Float]) -> [Float] {
    guard layout != .vector else { return values }
    var result = [Float](repeating: 0, count: values.count)
    forEachElement { memory, file in result[file] = values[memory] }
    return result
  }

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
