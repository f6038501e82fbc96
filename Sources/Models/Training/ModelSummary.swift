import Runtime

/// The layers and the memory of a model: the rows and totals of `recolor models`.
public struct ModelSummary: Sendable {
  /// The layers of each network, the generator first.
  public let networks: [(name: String, layers: [LayerSummary], parameterCount: Int)]
  /// The memory of one training step beside the parameters, planned for the backend and batch size given.
  public let trainingMemory: PlanMemory
  /// Parameters, gradients, moments and running statistics, in bytes.
  public let parameterByteCount: Int

  /// Number of trained elements of all networks.
  public var parameterCount: Int { networks.reduce(0) { $0 + $1.parameterCount } }

  /// Summarizes a model without allocating it.
  /// - Parameters:
  ///   - batchSize: images in the planned step.
  ///   - height: height of an image in pixels, a multiple of 16; so `width`.
  public init(
    _ configuration: ModelConfiguration, height: Int, width: Int, batchSize: Int, on backend: any Backend
  ) throws {
    let plan = try StepPlan(configuration, height: height, width: width, batchSize: batchSize)
    networks = plan.step.networks.map { name, network in
      let tape = Tape(PlanBuilder(), network.parameters, mode: .inference, label: name)
      _ = network(tape.tensor("input", Shape(1, height, width, network.inputChannels)), tape)
      return (name, tape.layers, network.parameters.trainedParameterCount)
    }
    parameterByteCount = plan.step.networks.reduce(0) { $0 + $1.network.parameters.byteCount(training: true) }
    trainingMemory = try PlanCompiler(backend: backend).memory(for: [plan.stepBuilder])
  }
}
