import Runtime

extension CLBackend {
  public func plan(_ operation: RandomFill) -> PlannedOperation {
    let output = operation.output
    let blocks = ceilDivide(output.shape.count, 4)
    let (isNormal, a, b) =
      switch operation.distribution {
      case .uniform(let low, let high): (false, low, high)
      case .normal(let mean, let deviation): (true, mean, deviation)
      }
    return plan(operation.title) { [self] (launch) throws(BackendError) in
      try launch.add(
        "random_fill", in: "random_fill.cl", definitions: ["NORMAL": isNormal],
        arguments: [
          .array(output), .ulong(output.shape.count), .uint(Int(operation.seed & 0xFFFF_FFFF)),
          .uint(Int(operation.seed >> 32)), .uint(Int(operation.stream & 0xFFFF_FFFF)),
          .uint(Int(operation.stream >> 32)), .float(a), .float(b),
        ],
        over: rows(channels: blocks, pixels: 1))
    }
  }
}
