/// Copies the inputs' channels one after the other into the output. Free where a producer writes straight into its
/// slice of the output; this is for the rest.
public struct Concatenation: Operation {
  public static let name = "Concatenation"
  public var pass: Pass { .forward }

  /// `[N, H, W, Cᵢ]` each.
  public let inputs: [Tensor]
  /// `[N, H, W, ΣCᵢ]`
  public let output: Tensor

  public init(inputs: [Tensor], output: Tensor) {
    self.inputs = inputs
    self.output = output
  }

  public var reads: [Tensor] { inputs }
  public var writes: [Tensor] { [output] }
  public var floatingPointOperations: Int { 0 }

  public func validate() throws(BackendError) { try requireParts(inputs, of: output) }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}

/// Copies consecutive runs of the input's channels into the outputs: the gradient of a concatenation.
public struct Split: Operation {
  public static let name = Concatenation.name
  public var pass: Pass { .backward }

  /// `[N, H, W, ΣCᵢ]`
  public let input: Tensor
  /// `[N, H, W, Cᵢ]` each.
  public let outputs: [Tensor]

  public init(input: Tensor, outputs: [Tensor]) {
    self.input = input
    self.outputs = outputs
  }

  public var reads: [Tensor] { [input] }
  public var writes: [Tensor] { outputs }
  public var floatingPointOperations: Int { 0 }

  public func validate() throws(BackendError) { try requireParts(outputs, of: input) }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}

extension Tensor {
  /// Returns consecutive runs of the channels, one for each of `parts`.
  package func channelRuns(like parts: [Tensor]) -> [Tensor] {
    var first = 0
    return parts.map { part in
      defer { first += part.shape.channels }
      return channels(first..<first + part.shape.channels)
    }
  }
}

extension Operation {
  /// Throws unless `parts` are of the shape of `whole` but for their channels, which add up to those of `whole`.
  fileprivate func requireParts(_ parts: [Tensor], of whole: Tensor) throws(BackendError) {
    try require(.float32, in: whole)
    for part in parts {
      try require(.float32, in: part)
      var shape = whole.shape
      shape.channels = part.shape.channels
      try requireShape(shape, of: part)
    }
    let channels = parts.reduce(0) { $0 + $1.shape.channels }
    try require(
      channels == whole.shape.channels,
      "tensor \(whole.storage.name) has \(whole.shape.channels) channels, and its parts \(channels)")
  }
}
