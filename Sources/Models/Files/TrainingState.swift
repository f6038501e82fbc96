import Foundation
import Runtime

/// Everything that the next step depends on, beside the run's configuration: the parameters and moments of all
/// networks, and the position in the data. It holds the weights too, so that a run resumes from this one file whatever
/// was being written beside it. Random numbers need no state: each is a function of the seed and its position.
public struct TrainingState: Codable, Equatable, Sendable {
  /// Epochs done.
  public var epoch = 0
  /// Steps done in all; Adam's t.
  public var step = 0
  /// Images of the current epoch done; the position of the next batch in the epoch's order.
  public var position = 0
  /// Sums of the losses over the current epoch's steps, in the trainer's order, without the steps of `pendingLosses`.
  public var lossSums: [Double] = []
  /// Sums over the last steps, which the device still adds to: those of each replica, one after the other.
  public var pendingLosses: [Float] = []
  /// Steps of the current epoch that `lossSums` counts; nil in older files.
  var summedSteps: Int?
  /// The configuration that the run was started with, to detect changes of it.
  public var configuration: RunConfiguration?
  /// Lowest value so far of the measure by which the best weights are chosen.
  public var bestValidationError: Double?
  /// The epoch, counted from 1, that had it; nil before the first epoch, and in older files.
  var bestEpoch: Int?
  /// Steps in which a GAN's discriminator has dominated; nil before the first losses.
  var watch: DiscriminatorWatch?
  /// Names of the checkpoints that were written for `RunConfiguration.keep` and not yet removed, oldest first.
  var kept: [String]?

  public init() {}

  /// Moves to the beginning of the next epoch.
  mutating func beginNextEpoch() {
    epoch += 1
    position = 0
    lossSums = []
    summedSteps = 0
    pendingLosses = []
  }

  /// Whether a run can be in this state. Its numbers are then small enough to count on from.
  /// - Parameters:
  ///   - configuration: a valid one.
  ///   - trainingCount: images of an epoch; at least those of a batch.
  func isPossible(with configuration: RunConfiguration, trainingCount: Int) -> Bool {
    let batchSize = configuration.options.batchSize
    guard (0...configuration.epochs).contains(epoch), (0...trainingCount).contains(position),
      position.isMultiple(of: batchSize)
    else { return false }
    let stepInEpoch = position / batchSize
    // Each epoch has at least one step; a limit of the steps may have ended some of them early.
    let steps = epoch + stepInEpoch...epoch * (trainingCount / batchSize) + stepInEpoch
    return steps.contains(step) && (0...stepInEpoch).contains(summedSteps ?? 0)
      && (0...Int(Int32.max)).contains(watch?.dominatedSteps ?? 0) && (bestValidationError ?? 0) >= 0
      && (0...epoch).contains(bestEpoch ?? 0)
  }

  /// Sums of the losses over all of the current epoch's steps, given those that are still on the device: the means over
  /// the replicas.
  func lossSums(with pending: [Double]) -> [Double] { lossSums.isEmpty ? pending : zip(lossSums, pending).map(+) }

  /// Writes the state file, which takes its name when its writer finishes.
  /// - Throws: `CheckpointError.notFinite` where a value is NaN or infinite, `SafetensorsError`, `BackendError`.
  func prepare(_ trainer: Trainer, for url: URL, on backend: any Backend) throws -> SafetensorsWriter {
    var descriptions: [String: SafetensorsWriter.Description] = [:]
    Self.forEach(trainer) { name, _, parameter, _ in
      descriptions[name] = .init(.float32, parameter.fileShape)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let state = String(decoding: try encoder.encode(self), as: UTF8.self)
    let writer = try SafetensorsWriter(
      writing: url, tensors: descriptions, metadata: ["format": "recolor training state", "state": state],
      followingLinks: false)
    try Self.forEach(trainer) { name, parameters, parameter, vector in
      let values = try parameters.fileValues(of: parameter, in: vector, on: backend)
      guard values.allSatisfy(\.isFinite) else { throw CheckpointError.notFinite(path: url.path, tensor: name) }
      try writer.write(name, values)
    }
    return writer
  }

  /// Reads a state file into a trainer.
  /// - Throws: `SafetensorsError`, `CheckpointError`, `BackendError`.
  public static func read(from url: URL, into trainer: Trainer, on backend: any Backend) throws -> TrainingState {
    let file = try SafetensorsFile(reading: url)
    guard let text = file.metadata["state"],
      let state = try? JSONDecoder().decode(TrainingState.self, from: Data(text.utf8))
    else {
      throw CheckpointError.wrongState(path: url.path, reason: "not a training state of this program")
    }
    guard state.epoch >= 0, state.step >= 0, state.position >= 0, state.summedSteps ?? 0 >= 0 else {
      throw CheckpointError.wrongState(path: url.path, reason: "negative epoch, step or position")
    }
    // These files will be removed: no others may be named.
    if let name = state.kept?.first(where: { !RunDirectory.isKept($0) }) {
      throw CheckpointError.wrongState(
        path: url.path, reason: "names as a checkpoint what is none: \(name.debugDescription)")
    }
    try forEach(trainer) { name, parameters, parameter, vector in
      let values = try file.values(name, as: Float.self, shape: parameter.fileShape)
      try parameters.setFileValues(values, of: parameter, in: vector, on: backend)
    }
    let lossCount = trainer.lossNames.count
    guard [0, lossCount].contains(state.lossSums.count),
      [0, lossCount * trainer.replicas.count].contains(state.pendingLosses.count)
    else {
      throw CheckpointError.wrongState(path: url.path, reason: "belongs to another model")
    }
    trainer.stepCount = state.step
    if !state.pendingLosses.isEmpty { try trainer.restoreLosses(state.pendingLosses) }
    return state
  }

  /// Calls `body` with the name of every tensor in a state file and the parameter whose vector it holds.
  private static func forEach(
    _ trainer: Trainer, _ body: (String, ParameterSet, Parameter, ParameterVector) throws -> Void
  ) rethrows {
    for (name, network) in trainer.networks {
      for vector in ParameterVector.allCases {
        for parameter in network.parameters.parameters(in: vector) {
          try body("\(name).\(vector.rawValue).\(parameter.name)", network.parameters, parameter, vector)
        }
      }
    }
  }
}
