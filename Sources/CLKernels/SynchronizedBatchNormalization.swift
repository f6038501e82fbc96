import Runtime

extension CLBackend {
  public func plan(_ operation: MomentsJoin) -> PlannedOperation {
    let shape = operation.moments.shape
    return plan(operation.title) { [self] (launch) throws(BackendError) in
      try launch.add(
        "join_moments", in: "synchronized_batch_normalization.cl",
        arguments: [.array(operation.moments), .uint(shape.channels), .uint(shape.batch)],
        over: rows(channels: shape.channels, pixels: 1))
    }
  }
}
