import Runtime

extension CLBackend {
  public func prepare(_ operation: Concatenation) throws(BackendError) -> any Launch {
    let slices = try slices(of: operation.output, like: operation.inputs)
    return try copies(from: operation.inputs, to: slices)
  }

  public func prepare(_ operation: Split) throws(BackendError) -> any Launch {
    let slices = try slices(of: operation.input, like: operation.outputs)
    return try copies(from: slices, to: operation.outputs)
  }

  /// Consecutive runs of the channels of `whole`, one for each of `parts`.
  private func slices(of whole: Tensor, like parts: [Tensor]) throws(BackendError) -> [Tensor] {
    var slices: [Tensor] = []
    var start = 0
    for part in parts {
      let end = start + part.shape.channels
      guard end <= whole.shape.channels else { break }
      slices.append(whole.channels(start..<end))
      start = end
    }
    guard slices.count == parts.count, start == whole.shape.channels else {
      throw .invalidOperation(
        operation: Concatenation.name,
        reason: "\(whole.storage.name) has \(whole.shape.channels) channels, its parts do not add up to that")
    }
    return slices
  }

  private func copies(from sources: [Tensor], to targets: [Tensor]) throws(BackendError) -> any Launch {
    let launches = CLLaunch(Concatenation.name, on: self)
    for (source, target) in zip(sources, targets) {
      try addElementwise(
        "copy_channels", in: "concatenation.cl", of: [source, target], for: Concatenation.name, to: launches)
    }
    return launches
  }
}
