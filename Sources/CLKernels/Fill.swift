import Runtime

extension CLBackend {
  public func prepare(_ operation: Fill) throws(BackendError) -> any Launch {
    try elementwise(
      "fill", in: "fill.cl", of: [operation.output], arguments: [.float(operation.value)], for: operation.title)
  }
}
