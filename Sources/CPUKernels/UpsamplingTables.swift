import Runtime

/// Along one direction, the two inputs that each output of a bilinear upsampling lies between, and their weights: those
/// of output o at `2 · o` and `2 · o + 1`. Pixel centers are at halves, and edges are clamped.
final class BilinearNeighbours {
  let indices: UnsafeMutablePointer<UInt32>
  let weights: UnsafeMutablePointer<Float>

  init(inputCount: Int, factor: Int) {
    let count = 2 * inputCount * factor
    indices = .allocate(capacity: count)
    weights = .allocate(capacity: count)
    for output in 0..<inputCount * factor {
      let position = max(0, (Double(output) + 0.5) / Double(factor) - 0.5)
      let lower = min(Int(position), inputCount - 1)
      let share = position - Double(lower)
      indices[2 * output] = UInt32(lower)
      indices[2 * output + 1] = UInt32(min(lower + 1, inputCount - 1))
      weights[2 * output] = Float(1 - share)
      weights[2 * output + 1] = Float(share)
    }
  }

  deinit {
    indices.deallocate()
    weights.deallocate()
  }
}

/// Along one direction, the outputs that each input of an upsampling gives to: `taps` neighbours from `first` on, and what
/// each takes of the input, 0 for those that only fill up the number.
final class UpsamplingTaps {
  let taps: Int
  let first: UnsafeMutablePointer<UInt32>
  /// Those of input i from `i · taps` on.
  let weights: UnsafeMutablePointer<Float>

  init(inputCount: Int, factor: Int, mode: UpsamplingMode) {
    let outputCount = inputCount * factor
    taps = mode == .nearest ? factor : min(2 * factor, outputCount)
    first = .allocate(capacity: inputCount)
    weights = .allocate(capacity: inputCount * taps)
    weights.initialize(repeating: 0, count: inputCount * taps)
    switch mode {
    case .nearest:
      for input in 0..<inputCount { first[input] = UInt32(input * factor) }
      weights.update(repeating: 1, count: inputCount * taps)
    case .bilinear:
      // Input i is a neighbour of outputs whose position is within 1 of it: 2 · factor of them, from about
      // (i − ½) · factor on.
      for input in 0..<inputCount {
        let start = (2 * input - 1) * factor / 2
        first[input] = UInt32(min(max(0, start), outputCount - taps))
      }
      let neighbours = BilinearNeighbours(inputCount: inputCount, factor: factor)
      for entry in 0..<2 * outputCount {
        let input = Int(neighbours.indices[entry])
        let tap = entry / 2 - Int(first[input])
        // A neighbour just out of reach has weight 0.
        if tap >= 0 && tap < taps { weights[input * taps + tap] += neighbours.weights[entry] }
      }
    }
  }

  deinit {
    first.deallocate()
    weights.deallocate()
  }
}
