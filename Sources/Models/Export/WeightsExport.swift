import Foundation

/// Writes a network that colors as a safetensors file: the weights and running statistics under PyTorch's names, with
/// the metadata of their file. What these state about the architecture is corrected, where tensors contradict it.
public struct WeightsExport {
  private let checkpoint: Checkpoint
  private let isHalf: Bool
  private let recommendation: ColoringChoice

  /// - Parameters:
  ///   - isHalf: whether the weights are rounded to float16, to the nearest, ties to even; otherwise they are float32.
  ///     Running statistics are few, and their variances can exceed float16: they are float32 in any case.
  ///   - recommendation: what the file recommends for photographs; settings that are nil are the checkpoint's.
  public init(_ checkpoint: Checkpoint, isHalf: Bool, recommending recommendation: ColoringChoice = ColoringChoice()) {
    self.checkpoint = checkpoint
    self.isHalf = isHalf
    self.recommendation = recommendation
  }

  /// Writes the file, whole or not at all.
  /// - Throws: `SafetensorsError`, `CheckpointError`, also for a value that float16 cannot hold.
  public func write(to url: URL) throws {
    let parameters = checkpoint.configuration.makeNetwork().parameters.parameters
    func dataType(of parameter: Parameter) -> SafetensorsDataType {
      isHalf && parameter.isTrained ? .float16 : .float32
    }
    let writer = try SafetensorsWriter(
      writing: url,
      tensors: Dictionary(
        uniqueKeysWithValues: parameters.map { ($0.name, .init(dataType(of: $0), $0.fileShape)) }),
      metadata: checkpoint.metadata.merging(recommendation.metadata) { $1 }.merging(checkpoint.configuration.metadata) {
        $1
      })
    for parameter in parameters {
      let values = try checkpoint.values(of: parameter)
      guard dataType(of: parameter) == .float16 else {
        try writer.write(parameter.name, values)
        continue
      }
      let halves = values.map(Float16.init)
      guard halves.allSatisfy(\.isFinite) else {
        throw CheckpointError.notHalf(path: checkpoint.name, tensor: parameter.name)
      }
      try writer.write(parameter.name, halves)
    }
    try writer.finish()
  }
}
