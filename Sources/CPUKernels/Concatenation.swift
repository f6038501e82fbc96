import CVectorLoops
import Runtime

extension CPUBackend {
  public func plan(_ operation: Concatenation) -> PlannedOperation {
    planCopies(from: operation.inputs, to: operation.output.channelRuns(like: operation.inputs), for: operation.title)
  }

  public func plan(_ operation: Split) -> PlannedOperation {
    planCopies(from: operation.input.channelRuns(like: operation.outputs), to: operation.outputs, for: operation.title)
  }

  /// Plans copies of tensors with equally many pixels.
  private func planCopies(from sources: [Tensor], to targets: [Tensor], for title: String) -> PlannedOperation {
    let blocks = Blocks(
      unitCount: targets[0].shape.pixelCount, elementsPerUnit: targets.reduce(0) { $0 + $1.shape.channels })
    return PlannedOperation(title) { [pool] binding throws(BackendError) in
      var copies: [(from: HostTensor<Float>, to: HostTensor<Float>)] = []
      for (source, target) in zip(sources, targets) {
        copies.append((try binding.float32(source), try binding.float32(target)))
      }
      return { [copies] in
        pool.run(count: blocks.count) { index, _ in
          let range = blocks[index]
          for copy in copies {
            vector_copy(
              copy.to.pixels(from: range.lowerBound), copy.from.pixels(from: range.lowerBound),
              vector_size(rows: range.count, columns: copy.to.channels))
          }
        }
      }
    }
  }
}
