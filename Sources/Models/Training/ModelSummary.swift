import Runtime

/// What a model consists of: the rows and totals of `recolor models`.
public struct ModelSummary: Sendable {
  /// Layer by layer, the generator's and, of a GAN, the discriminator's.
  public let networks: [(name: String, layers: [LayerSummary], parameterCount: Int)]
  /// What one training step needs beside the parameters, planned for the backend and batch size given.
  public let trainingMemory: PlanMemory
  /// Parameters, gradients, moments and running statistics, in bytes.
  public let parameterByteCount: Int

  /// Trained numbers of all networks.
  public var parameterCount: Int { networks.reduce(0) { $0 + $1.parameterCount } }

  /// Plans a model without allocating it.
  /// - Parameters:
  ///   - batchSize: images in the planned step.
  ///   - height: of an image; a multiple of 16.
  public init(
    _ configuration: ModelConfiguration, height: Int, width: Int, batchSize: Int, on backend: any Backend
  ) throws {
    try configuration.validate(height: height, width: width)
    let generator = UNet(configuration)
    var networks = [
      Self.summarize("generator", generator.parameters) { tape in
        _ = generator(tape.tensor("gray", Shape(1, height, width, 1)), tape)
      }
    ]
    var parameterByteCount = generator.parameters.byteCount(training: true)
    if configuration.kind == .gan {
      let discriminator = Discriminator(configuration)
      networks.append(
        Self.summarize("discriminator", discriminator.parameters) { tape in
          let pair = tape.tensor("pair", Shape(1, height, width, discriminator.inputChannels))
          _ = discriminator(pair, needsInputGradient: false, tape)
        })
      parameterByteCount += discriminator.parameters.byteCount(training: true)
    }
    self.networks = networks
    self.parameterByteCount = parameterByteCount

    let source = BatchSource(
      images: Tensor("images", Shape(batchSize, height, width, 3), .uint8),
      order: Tensor("image order", Shape(vector: batchSize), .uint32), first: Variable(0), batchSize: batchSize)
    let options = TrainingOptions(recipeFor: configuration.kind)
    let step = configuration.trainingStep(options)
    let builder = PlanBuilder()
    step.emit(
      source, losses: Tensor("losses", Shape(vector: step.lossNames.count)),
      adam: AdamSchedule(options), into: builder)
    trainingMemory = try PlanCompiler(backend: backend).memory(for: [builder])
  }

  private static func summarize(
    _ name: String, _ parameters: ParameterSet, _ emit: (Tape) -> Void
  ) -> (name: String, layers: [LayerSummary], parameterCount: Int) {
    let tape = Tape(PlanBuilder(), parameters, mode: .inference, label: name)
    emit(tape)
    return (name, tape.layers, parameters.trainedParameterCount)
  }
}
