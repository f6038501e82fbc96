import Data
import Runtime

/// A device without enough memory for a training run: how much the run needs, and what fits. `description` is one line.
public struct MemoryShortage: Error, Equatable {
  /// The device, with its name.
  public let device: String
  public let model: String
  public let batchSize: Int
  /// Bytes that training in batches of `batchSize` allocates in all.
  public let byteCount: Int
  /// The largest power of two below `batchSize` that fits, and the bytes that it needs in all; nil where none does.
  public let fitting: (batchSize: Int, byteCount: Int)?
  /// The smallest possible batch size, and the bytes that it needs in all.
  public let smallest: (batchSize: Int, byteCount: Int)
  /// Bytes of the images among `byteCount`.
  public let imageByteCount: Int
  /// Bytes of the largest allocation that the device grants, where one of the run's is larger; nil elsewhere.
  public let allocationLimit: Int?

  public static func == (a: MemoryShortage, b: MemoryShortage) -> Bool { a.description == b.description }
}

extension MemoryShortage {
  /// Plans a run for smaller and smaller batches, and tries what fits.
  /// - Parameters:
  ///   - trainingCount: images to train on.
  ///   - validationCount: images to predict.
  ///   - replicas: those that share a batch.
  ///   - rarity: the weights of colors; nil for none.
  init(
    of configuration: RunConfiguration, _ dataset: ImageDataset, _ residency: ImageResidency, trainingCount: Int,
    validationCount: Int, replicas: Replicas, rarity: ColorRarity?, on backend: any Backend
  ) throws(BackendError) {
    /// Bytes of every allocation of the run, the images first.
    func allocations(_ batchSize: Int) throws(BackendError) -> [Int] {
      let count = DeviceImages.plannedCount(
        of: dataset, residency, batchSize: batchSize / replicas.rankCount, on: backend)
      var options = configuration.options
      options.batchSize = batchSize
      return try StepPlan(
        configuration.model, options: options, replicas: replicas,
        images: DeviceImages(count: count, height: dataset.height, width: dataset.width),
        trainingCount: trainingCount, validationCount: validationCount, rarity: rarity
      ).allocations(on: backend)
    }
    let requested = configuration.options.batchSize
    // A single small image leaves batch normalization a single value.
    let fewestImages = dataset.height > 16 || dataset.width > 16 ? 1 : 2
    let smallest =
      replicas.synchronizesBatchNorm ? max(fewestImages, replicas.count) : fewestImages * replicas.count
    var fitting: (Int, Int)?
    var candidate = 1
    while candidate < requested / 2 + requested % 2 { candidate *= 2 }
    while fitting == nil, candidate >= smallest, candidate < requested {
      let byteCounts = try allocations(candidate)
      if Self.fits(byteCounts, on: backend) { fitting = (candidate, byteCounts.reduce(0, +)) }
      candidate /= 2
    }
    let byteCounts = try allocations(requested)
    self.init(
      device: "\(backend.name) (\(backend.deviceDescription))",
      model: "\(configuration.model.kind.rawValue) at --width \(configuration.model.width)", batchSize: requested,
      byteCount: byteCounts.reduce(0, +), fitting: fitting,
      smallest: (smallest, try allocations(smallest).reduce(0, +)), imageByteCount: byteCounts[0],
      allocationLimit: byteCounts.contains { $0 > backend.maximumAllocationByteCount }
        ? backend.maximumAllocationByteCount : nil)
  }

  /// Whether the device has room for all of these allocations at once, as far as it reports that.
  private static func fits(_ byteCounts: [Int], on backend: any Backend) -> Bool {
    var held: [DeviceMemory] = []
    for byteCount in byteCounts {
      guard let memory = try? backend.allocate(byteCount: byteCount) else { return false }
      held.append(memory)
    }
    return withExtendedLifetime(held) { true }
  }
}

extension MemoryShortage: CustomStringConvertible {
  public var description: String {
    "\(device): no room for \(model) with --batch-size \(batchSize), which takes \(Self.mebibytes(byteCount))"
      + (allocationLimit.map { ", where the device grants \($0 >> 10) KiB at a time" } ?? "") + "; "
      + (fitting.map { "--batch-size \($0.batchSize) fits, with \(Self.mebibytes($0.byteCount))" }
        ?? "not even --batch-size \(smallest.batchSize) fits, with \(Self.mebibytes(smallest.byteCount)); use a "
        + "smaller --width or --size")
      + (imageByteCount > byteCount - imageByteCount
        ? """
        ; \(Self.mebibytes(imageByteCount)) of it are photographs: --device-images leaves fewer of them on the \
        device
        """
        : "")
  }

  private static func mebibytes(_ byteCount: Int) -> String { "\((byteCount + (1 << 20) - 1) >> 20) MiB" }
}
