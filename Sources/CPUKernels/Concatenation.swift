import CVectorLoops
import Runtime

extension CPUBackend {
  public func plan(_ operation: Concatenation) -> PlannedOperation {
    let runs = channelRuns(of: operation.output, operation.inputs)
    return planCopies(operation.title, zip(operation.inputs, runs).map { (from: $0, to: $1) })
  }

  public func plan(_ operation: Split) -> PlannedOperation {
    let runs = channelRuns(of: operation.input, operation.outputs)
    return planCopies(operation.title, zip(runs, operation.outputs).map { (from: $0, to: $1) })
  }

  /// Returns the channels of `whole` that each of `parts` stands for.
  private func channelRuns(of whole: Tensor, _ parts: [Tensor]) -> [Tensor] {
    var first = 0
    return parts.map { part in
      defer { first += part.shape.channels }
      return whole.channels(first..<first + part.shape.channels)
    }
  }

  /// Plans copies of tensors with equally many pixels.
  private func planCopies(_ title: String, _ copies: [(from: Tensor, to: Tensor)]) -> PlannedOperation {
    let blocks = Blocks(
      unitCount: copies.first?.to.shape.pixelCount ?? 0,
      elementsPerUnit: copies.reduce(0) { $0 + $1.to.shape.channels })
    return PlannedOperation(title) { [pool] binding throws(BackendError) in
      var bound: [(from: HostTensor<Float>, to: HostTensor<Float>)] = []
      for copy in copies { bound.append((try binding.float32(copy.from), try binding.float32(copy.to))) }
      return { [bound] in
        pool.run(count: blocks.count) { index, _ in
          let range = blocks[index]
          for copy in bound {
            vector_copy(
              copy.to.pixels(from: range.lowerBound), copy.from.pixels(from: range.lowerBound),
              vector_size(rows: range.count, columns: copy.to.channels))
          }
        }
      }
    }
  }
}
