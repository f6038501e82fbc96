import Runtime

extension CLBackend {
  public func plan(_ operation: Concatenation) -> PlannedOperation {
    planCopies(from: operation.inputs, to: slices(of: operation.output, like: operation.inputs), for: operation.title)
  }

  public func plan(_ operation: Split) -> PlannedOperation {
    planCopies(from: slices(of: operation.input, like: operation.outputs), to: operation.outputs, for: operation.title)
  }

  /// Returns consecutive runs of the channels of `whole`, one for each of `parts`.
  private func slices(of whole: Tensor, like parts: [Tensor]) -> [Tensor] {
    var start = 0
    return parts.map { part in
      defer { start += part.shape.channels }
      return whole.channels(start..<start + part.shape.channels)
    }
  }

  private func planCopies(from sources: [Tensor], to targets: [Tensor], for title: String) -> PlannedOperation {
    plan(title) { [self] (launch) throws(BackendError) in
      for (source, target) in zip(sources, targets) {
        try addElementwise("copy_channels", in: "concatenation.cl", of: [source, target], to: launch)
      }
    }
  }
}
