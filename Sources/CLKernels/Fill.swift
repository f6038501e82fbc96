import Runtime

extension CLBackend {
  public func plan(_ operation: Fill) -> PlannedOperation {
    planElementwise(
      "fill", in: "fill.cl", of: [operation.output], arguments: [.float(operation.value)], for: operation.title)
  }
}
