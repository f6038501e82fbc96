import Data
import Files
import Foundation
import MessagePassing
import Runtime

/// A run on several ranks: all of them hold the same weights, and the first one writes.
extension TrainingRun {
  /// Whether this process writes the run's folder.
  public var isWriter: Bool { ranks.rank == 0 }

  /// Gives every rank the state of rank 0, with the weights and moments.
  func shareState() throws {
    guard ranks.rankCount > 1 else { return }
    state = try JSONDecoder().decode(
      TrainingState.self, from: Data(try ranks.broadcast([UInt8](try JSONEncoder().encode(state)))))
    for vector in trainer.networks.flatMap(\.network.parameters.trainedVectors) {
      let values = try ranks.broadcast(try backend.floats(of: vector).withUnsafeBytes { [UInt8]($0) })
      try values.withUnsafeBytes { try backend.upload($0, to: vector) }
    }
    trainer.stepCount = state.step
    if !state.pendingLosses.isEmpty { try trainer.restoreLosses(state.pendingLosses) }
  }

  /// Checks that all ranks have the same weights and moments, as each updates its own.
  /// - Throws: `MessagePassingError.disagreement`.
  func requireSameWeights() throws {
    guard ranks.rankCount > 1 else { return }
    var digest = SHA256()
    for vector in trainer.networks.flatMap(\.network.parameters.trainedVectors) {
      try backend.floats(of: vector).withUnsafeBytes { digest.update($0) }
    }
    try ranks.requireAgreement(on: [("the weights after epoch \(state.epoch)", try digest.finish())])
  }
}

extension RunConfiguration {
  /// The values that all ranks must have the same of, by name: everything that decides the course of the run.
  var agreements: [(name: String, text: String)] {
    let free: Set = ["data", "dataFolder", "device", "deviceDescription"]
    return [Mirror(reflecting: self), Mirror(reflecting: model), Mirror(reflecting: options)].flatMap(\.children)
      .compactMap { child in
        child.label.flatMap {
          ["model", "options"].contains($0) || free.contains($0) ? nil : ($0, Self.text(of: child.value))
        }
      }
  }

  /// Returns a value as an error's line names it: an optional one as what it holds.
  private static func text(of value: Any) -> String {
    let mirror = Mirror(reflecting: value)
    if mirror.displayStyle == .optional { return mirror.children.first.map { text(of: $0.value) } ?? "none" }
    if let data = value as? DataFingerprint { return "\(data.imageCount) images with SHA-256 \(data.sha256)" }
    return "\(value)"
  }
}
