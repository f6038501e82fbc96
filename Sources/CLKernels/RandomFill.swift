import Runtime

extension CLBackend {
  public func prepare(_ operation: RandomFill) throws(BackendError) -> any Launch {
    let output = operation.output
    try requireType(.float32, of: output, for: operation.title)
    guard output.isDense else {
      throw .invalidOperation(operation: operation.title, reason: "tensor \(output.storage.name) is not dense")
    }
    let blocks = (output.shape.count + 3) / 4
    guard blocks <= 1 << 32 else {
      throw .invalidOperation(
        operation: operation.title, reason: "\(output.shape.count) numbers asked for; a stream has 2³⁴")
    }
    let (isNormal, a, b) =
      switch operation.distribution {
      case .uniform(let low, let high): (false, low, high)
      case .normal(let mean, let deviation): (true, mean, deviation)
      }
    let launch = CLLaunch(operation.title, on: self)
    try launch.add(
      "random_fill", in: "random_fill.cl", definitions: ["NORMAL": isNormal],
      arguments: [
        .memory(try memory(of: output, for: operation.title)), .ulong(output.offset), .ulong(output.shape.count),
        .uint(Int(operation.seed & 0xFFFF_FFFF)), .uint(Int(operation.seed >> 32)),
        .uint(Int(operation.stream & 0xFFFF_FFFF)), .uint(Int(operation.stream >> 32)),
        .float(a), .float(b),
      ],
      over: rows(channels: blocks, pixels: 1))
    return launch
  }
}
