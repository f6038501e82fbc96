import Runtime

extension CLBackend {
  public func plan(_ operation: ScaledSum) -> PlannedOperation {
    let count = operation.output.shape.count
    let width = vectorWidth(channels: nil)
    return plan(operation.title) { [self] (launch) throws(BackendError) in
      try launch.add(
        "scaled_sum", in: "scaled_sum.cl", definitions: ["TERMS": operation.reads.count, "VECTOR": width],
        arguments: [
          .tensor(operation.first), .tensor(operation.second ?? operation.first), .tensor(operation.output),
          .ulong(count), .float(operation.factor),
        ],
        over: rows(channels: ceilDivide(count, width), pixels: 1))
    }
  }
}
