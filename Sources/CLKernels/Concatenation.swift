import Runtime

extension CLBackend {
  public func prepare(_ operation: Concatenation) throws(BackendError) -> any Launch {
    let slices = try slices(of: operation.output, like: operation.inputs, for: operation.title)
    return try copies(from: operation.inputs, to: slices, for: operation.title)
  }

  public func prepare(_ operation: Split) throws(BackendError) -> any Launch {
    let slices = try slices(of: operation.input, like: operation.outputs, for: operation.title)
    return try copies(from: slices, to: operation.outputs, for: operation.title)
  }

  /// Consecutive runs of the channels of `whole`, one for each of `parts`.
  private func slices(of whole: Tensor, like parts: [Tensor], for operation: String) throws(BackendError) -> [Tensor] {
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
        operation: operation,
        reason: "\(whole.storage.name) has \(whole.shape.channels) channels, its parts do not add up to that")
    }
    return slices
  }

  private func copies(from sources: [Tensor], to targets: [Tensor], for operation: String) throws(BackendError)
    -> any Launch
  {
    let launches = CLLaunch(operation, on: self)
    for (source, target) in zip(sources, targets) {
      try addElementwise(
        "copy_channels", in: "concatenation.cl", of: [source, target], for: operation, to: launches)
    }
    return launches
  }
}
