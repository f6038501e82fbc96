import Runtime

/// What a model computes, operation by operation, on tensors without memory.
public struct ModelOperations {
  /// Of one training step.
  public let trainingStep: [any Operation]
  /// Of one batch of inference.
  public let inference: [any Operation]

  /// - Parameters:
  ///   - height: of an image; a multiple of 16.
  ///   - batchSize: images in a step, and in a batch of inference.
  public init(_ configuration: ModelConfiguration, height: Int, width: Int, batchSize: Int) throws(ModelError) {
    try configuration.validate(height: height, width: width)
    let source = BatchSource(
      images: Tensor("images", Shape(batchSize, height, width, 3), .uint8),
      order: Tensor("image order", Shape(vector: batchSize), .uint32), first: Variable(0), batchSize: batchSize)
    let options = TrainingOptions(recipeFor: configuration.kind)
    let step = configuration.trainingStep(options)
    let builder = PlanBuilder()
    step.emit(
      source, losses: Tensor("losses", Shape(vector: step.lossNames.count)),
      adam: AdamSchedule(options), into: builder)
    trainingStep = builder.operations
    inference = PredictionBuilder(step.generator, configuration, source).builder.operations
  }
}
