import Runtime

extension CLBackend {
  public func plan(_ operation: Concatenation) -> PlannedOperation {
    planCopies(from: operation.inputs, to: operation.output.channelRuns(like: operation.inputs), for: operation.title)
  }

  public func plan(_ operation: Split) -> PlannedOperation {
    planCopies(from: operation.input.channelRuns(like: operation.outputs), to: operation.outputs, for: operation.title)
  }

  private func planCopies(from sources: [Tensor], to targets: [Tensor], for title: String) -> PlannedOperation {
    plan(title) { [self] (launch) throws(BackendError) in
      for (source, target) in zip(sources, targets) {
        try addElementwise("copy_channels", in: "concatenation.cl", of: [source, target], to: launch)
      }
    }
  }
}
