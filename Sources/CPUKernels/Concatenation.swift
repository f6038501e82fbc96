import CVectorLoops
import Runtime

extension CPUBackend {
  public func prepare(_ operation: Concatenation) throws(BackendError) -> any Launch {
    var binding = Binding(operation)
    let whole = try binding.float32(operation.output)
    let copies = try channelRuns(of: operation.output, parts: operation.inputs, binding: &binding)
      .map { run in ChannelCopy(from: run.part, to: whole.channels(from: run.firstChannel, count: run.part.channels)) }
    return launch(copies, pixelCount: whole.pixelCount, channels: whole.channels, binding: binding)
  }

  public func prepare(_ operation: Split) throws(BackendError) -> any Launch {
    var binding = Binding(operation)
    let whole = try binding.float32(operation.input)
    let copies = try channelRuns(of: operation.input, parts: operation.outputs, binding: &binding)
      .map { run in ChannelCopy(from: whole.channels(from: run.firstChannel, count: run.part.channels), to: run.part) }
    return launch(copies, pixelCount: whole.pixelCount, channels: whole.channels, binding: binding)
  }

  /// A copy of runs of channels, of equally many channels on both sides.
  private struct ChannelCopy {
    let from: HostTensor<Float>
    let to: HostTensor<Float>
  }

  /// The parts of `whole` and the channel of `whole` that each begins at.
  private func channelRuns(of whole: Tensor, parts: [Tensor], binding: inout Binding) throws(BackendError)
    -> [(part: HostTensor<Float>, firstChannel: Int)]
  {
    var runs: [(part: HostTensor<Float>, firstChannel: Int)] = []
    var channel = 0
    for part in parts {
      var shape = whole.shape
      shape.channels = part.shape.channels
      try binding.require(
        part.shape == shape, "\(part.storage.name) is \(part.shape); only its channels may differ from \(whole.shape)")
      runs.append((try binding.float32(part), channel))
      channel += part.shape.channels
    }
    try binding.require(
      channel == whole.shape.channels, "the parts have \(channel) channels, and the whole \(whole.shape.channels)")
    return runs
  }

  private func launch(_ copies: [ChannelCopy], pixelCount: Int, channels: Int, binding: Binding) -> any Launch {
    let blocks = Blocks(unitCount: pixelCount, elementsPerUnit: channels)
    return binding.launch { [pool] in
      pool.run(count: blocks.count) { index, _ in
        let range = blocks[index]
        for copy in copies {
          vector_copy(
            copy.to.pointer + range.lowerBound * copy.to.pixelStride, copy.to.pixelStride,
            copy.from.pointer + range.lowerBound * copy.from.pixelStride, copy.from.pixelStride, range.count,
            copy.to.channels)
        }
      }
    }
  }
}
