import Data
import Foundation
import Runtime
import TestSupport

@testable import Models

/// A run of a few training steps that PyTorch made in double precision, and what Recolor needs to make it again.
/// `Scripts/model_vectors.py` says what is in the file.
struct PyTorchRun {
  /// The files in `Tests/Vectors`: both models, every upsampling, images that are not square, everything beyond the
  /// study's recipe, an L1 loss, weights of colors, and replicas.
  static let all =
    [
      "unet", "unet_nearest", "unet_bilinear", "unet_l1", "unet_rebalanced", "unet_replicas", "gan", "gan_wide",
      "gan_beyond", "gan_rebalanced", "gan_replicas",
    ] + wholeBatches

  /// Those with batches that are normalized as a whole and that four replicas can share.
  static let wholeBatches = ["unet_synchronized", "gan_synchronized"]

  let vectors: VectorFile
  let data: VectorCase
  let configuration: ModelConfiguration
  let options: TrainingOptions
  /// Those that share a batch.
  let replicas: Replicas
  /// The weights of colors in the loss; nil for none.
  private let rarity: ColorRarity?
  /// Steps in the run; each takes the next batch.
  let stepCount: Int

  /// - Parameter replicas: those that share a batch, other than PyTorch's; nil for the same.
  init(_ name: String, replicas: Replicas? = nil) throws {
    vectors = try VectorFile(name)
    data = try vectors.named("data")
    guard let kind = ModelKind(rawValue: try data.option("kind")),
      let upsampling = UpsamplingKind(rawValue: try data.option("upsampling"))
    else { throw VectorError.missing("kind or upsampling", in: name) }
    let averageDecay: Float? = try? data.option("averageDecay")
    configuration = try ModelConfiguration(
      kind: kind, width: try data.option("width"), upsampling: upsampling,
      colorSpace: averageDecay == nil ? .rgb : .lab)
    var options = TrainingOptions(recipeFor: kind)
    options.batchSize = try data.option("batch")
    if let averageDecay {
      options.averageDecay = averageDecay
      options.spectralNorm = kind == .gan
      options.discriminatorLearningRate = kind == .gan ? try data.option("discriminatorLearningRate") : nil
    }
    rarity =
      data.tensorNames.contains("colorWeights") ? ColorRarity(weights: try data.values("colorWeights")) : nil
    if rarity != nil { options.rebalancing = 1 }
    if let lossName: String = try? data.option("loss") {
      guard let loss = ColorLoss(rawValue: lossName) else { throw VectorError.missing("loss", in: name) }
      options.loss = loss
    }
    self.options = options
    self.replicas = replicas ?? Replicas(count: (try? data.option("replicas")) ?? 1)
    stepCount = try data.option("steps")
  }

  /// The order in which PyTorch took the images.
  private var order: [UInt32] { get throws { try data.values("order") } }

  /// A planned step on PyTorch's images.
  /// - Parameter replicas: nil for those of the run.
  func plan(on backend: any Backend, replicas: Replicas? = nil) throws -> StepPlan {
    let shape = try data.shape(of: "images")
    let dataset = ImageDataset(
      name: "vectors", source: "vectors", width: shape[2], height: shape[1], bytes: try data.values("images"))
    let count = try order.count
    return StepPlan(
      configuration, options: options, replicas: replicas ?? self.replicas,
      images: try DeviceImages(dataset, residency: .all, batchSize: options.batchSize, on: backend),
      trainingCount: count, validationCount: count, rarity: rarity)
  }

  /// Begins both streams of batches with PyTorch's order.
  func setOrder(of plan: StepPlan, on backend: any Backend) throws {
    for batches in [plan.trainingBatches, plan.validationBatches] { try batches.set(try order, on: backend) }
  }

  /// Gives a network the weights and running statistics of a stage: `initial`.
  func set(_ parameters: ParameterSet, of network: String, to stage: String, on backend: any Backend) throws {
    let state = try vectors.named("\(network) \(stage)")
    for parameter in parameters.parameters {
      try parameters.setFileValues(try state.values(parameter.name), of: parameter, on: backend)
    }
  }

  /// Writes a network's state at a stage as `safetensors.torch.save_file` does: without metadata, and with the batch
  /// counts that PyTorch keeps and Recolor has no use for.
  func writeStateDictionary(of network: String, at stage: String, to url: URL) throws {
    let state = try vectors.named("\(network) \(stage)")
    var tensors: [String: SafetensorsWriter.Description] = [:]
    for name in state.tensorNames { tensors[name] = .init(.float32, try state.shape(of: name)) }
    let counts = state.tensorNames.filter { $0.hasSuffix(".running_mean") }
      .map { $0.replacingOccurrences(of: "running_mean", with: "num_batches_tracked") }
    for name in counts { tensors[name] = .init(.int64, []) }
    let writer = try SafetensorsWriter(writing: url, tensors: tensors)
    for name in state.tensorNames { try writer.write(name, try state.values(name, as: Float.self)) }
    for name in counts { try writer.write(name, [Int64(stepCount)]) }
    try writer.finish()
  }

  /// A trainer at PyTorch's initial weights.
  func trainer(on backend: any Backend) throws -> Trainer {
    let plan = try plan(on: backend)
    let trainer = try Trainer(plan, on: backend)
    try setOrder(of: plan, on: backend)
    for (name, network) in trainer.networks {
      // The average begins as the generator.
      try set(network.parameters, of: name == "generator_average" ? "generator" : name, to: "initial", on: backend)
    }
    return trainer
  }
}
