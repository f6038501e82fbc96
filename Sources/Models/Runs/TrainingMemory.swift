import Data
import Runtime

/// What a run takes on a device, planned without taking it, for any size of batches.
struct TrainingMemory {
  private let configuration: RunConfiguration
  private let dataset: ImageDataset
  private let residency: ImageResidency
  private let trainingCount: Int
  private let validationCount: Int
  private let backend: any Backend

  init(
    _ configuration: RunConfiguration, _ dataset: ImageDataset, _ residency: ImageResidency, trainingCount: Int,
    validationCount: Int,
    on backend: any Backend
  ) {
    self.configuration = configuration
    self.dataset = dataset
    self.residency = residency
    self.trainingCount = trainingCount
    self.validationCount = validationCount
    self.backend = backend
  }

  /// What is missing for the run's batch size, and the largest power of two below it that there is room for.
  func shortage() throws(BackendError) -> MemoryShortage {
    let batchSize = configuration.options.batchSize
    var fitting: (Int, Int)?
    var candidate = 1
    while candidate < batchSize / 2 + batchSize % 2 { candidate *= 2 }
    while fitting == nil, candidate >= smallestBatchSize, candidate < batchSize {
      let byteCounts = try allocations(batchSize: candidate)
      if fits(byteCounts) { fitting = (candidate, byteCounts.reduce(0, +)) }
      candidate /= 2
    }
    let byteCounts = try allocations(batchSize: batchSize)
    return MemoryShortage(
      device: "\(backend.name) (\(backend.deviceDescription))",
      model: "\(configuration.model.kind.rawValue) at --width \(configuration.model.width)", batchSize: batchSize,
      byteCount: byteCounts.reduce(0, +), fitting: fitting,
      smallest: (smallestBatchSize, try allocations(batchSize: smallestBatchSize).reduce(0, +)),
      imageByteCount: byteCounts[0])
  }

  /// A single small image leaves batch normalization a single value.
  private var smallestBatchSize: Int { dataset.height > 16 || dataset.width > 16 ? 1 : 2 }

  /// Whether the device has room for all of these at once, as far as it says so.
  private func fits(_ byteCounts: [Int]) -> Bool {
    var held: [DeviceMemory] = []
    for byteCount in byteCounts {
      guard let memory = try? backend.allocate(byteCount: byteCount) else { return false }
      held.append(memory)
    }
    return withExtendedLifetime(held) { true }
  }

  /// All that a run allocates, in bytes; the photographs first.
  private func allocations(batchSize: Int) throws(BackendError) -> [Int] {
    var options = configuration.options
    options.batchSize = batchSize
    let step = configuration.model.trainingStep(options)
    let imageCount = DeviceImages.count(of: dataset, residency, batchSize: batchSize, on: backend)
    let images = Tensor("images", Shape(imageCount, dataset.height, dataset.width, 3), .uint8)
    func source(_ count: Int) -> BatchSource {
      BatchSource(
        images: images, order: Tensor("image order", Shape(vector: count), .uint32), first: Variable(0),
        batchSize: batchSize)
    }
    let losses = Tensor("losses", Shape(vector: step.lossNames.count))
    let training = source(trainingCount)
    let validation = source((validationCount + batchSize - 1) / batchSize * batchSize)
    let builder = PlanBuilder()
    step.emit(
      training, losses: losses, adam: AdamSchedule(options), into: builder)
    let average = options.averageDecay > 0 ? GeneratorAverage(configuration.model, decay: options.averageDecay) : nil
    average?.emit(step.generator, into: builder)
    let prediction = PredictionBuilder(average?.network ?? step.generator, configuration.model, validation)
    return [images, training.order, validation.order, losses].map(\.storage.byteCount)
      + step.networks.map { $0.parameters.byteCount(training: true) }
      + (average.map { [$0.network.parameters.byteCount(training: false)] } ?? [])
      + (try PlanCompiler(backend: backend).allocations(for: [builder, prediction.builder]))
  }
}
