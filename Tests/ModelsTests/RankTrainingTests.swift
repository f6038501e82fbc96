import CPUKernels
import Data
import Foundation
import MessagePassing
import Runtime
import TestSupport
import Testing

@testable import Models

/// Runs that several ranks train together, here threads of this process.
@Suite("Training on several ranks")
struct RankTrainingTests {
  /// The results of a run: the tensors of its last weights and its state, and the rows of its losses.
  private struct Results: Equatable, Sendable {
    var tensors: [[String: [Float]]]
    var rows: [[String]]
    var sheet: Data
  }

  private static func configuration(
    _ kind: ModelKind, syncBatchNorm: Bool, on backend: any Backend
  ) throws -> RunConfiguration {
    var configuration = try SmallRun.configuration(kind, on: backend)
    configuration.options.averageDecay = 0.9
    configuration.options.horizontalFlips = true
    configuration.options.spectralNorm = kind == .gan
    configuration.replicas = 4
    configuration.syncBatchNorm = syncBatchNorm
    configuration.validationImages = 13
    return configuration
  }

  private static func results(of directory: RunDirectory) throws -> Results {
    Results(
      tensors: try [directory.last, directory.best, directory.state].map(SmallRun.contents),
      rows: try SmallRun.lossColumns(of: directory), sheet: try Data(contentsOf: directory.sample(epoch: 2)))
  }

  /// Trains a new run to its end, or until a step.
  private static func train(
    _ kind: ModelKind, ranks: Int, in folder: URL, syncBatchNorm: Bool = false, window: Bool = false,
    stopAt step: Int = .max
  ) throws {
    _ = try InProcessRanks.run(ranks) { ranks in
      let backend = CPUBackend(threadCount: 1)
      let run = try TrainingRun(
        configuration(kind, syncBatchNorm: syncBatchNorm, on: backend), in: folder, dataset: SmallRun.dataset(),
        residency: window ? .window(16) : .all, ranks: ranks, on: backend)
      // One rank's request stops all.
      _ = try run.train { ranks.rank == ranks.rankCount - 1 && run.stepsDone >= step }
      return run.stepsDone
    }
  }

  private static func resume(ranks: Int, in folder: URL) throws {
    _ = try InProcessRanks.run(ranks) { ranks in
      let backend = CPUBackend(threadCount: 1)
      let directory = try ranks.rank == 0 ? RunDirectory(resuming: folder) : RunDirectory(opening: folder)
      let run = try TrainingRun(
        resuming: directory, as: directory.readConfiguration(), dataset: SmallRun.dataset(), ranks: ranks, on: backend)
      return try run.train { false } == .finished
    }
  }

  @Test("The same bits on any number of ranks", arguments: ModelKind.allCases, [false, true])
  func sameBits(of kind: ModelKind, syncBatchNorm: Bool) throws {
    let expected = try SmallRun.withFolder { folder in
      try Self.train(kind, ranks: 1, in: folder, syncBatchNorm: syncBatchNorm)
      return try Self.results(of: RunDirectory(opening: folder))
    }
    #expect(expected.rows.count == 3)
    for ranks in [2, 4] {
      let found = try SmallRun.withFolder { folder in
        try Self.train(kind, ranks: ranks, in: folder, syncBatchNorm: syncBatchNorm, window: ranks == 2)
        return try Self.results(of: RunDirectory(opening: folder))
      }
      #expect(found == expected, "\(ranks) ranks")
    }
  }

  @Test(
    "A stopped run goes on with the same bits on another number of ranks",
    arguments: [(4, 1, false), (1, 2, false), (2, 4, false), (4, 2, true), (1, 4, true)])
  func resumed(from first: Int, on second: Int, syncBatchNorm: Bool) throws {
    let expected = try SmallRun.withFolder { folder in
      try Self.train(.gan, ranks: 2, in: folder, syncBatchNorm: syncBatchNorm)
      return try Self.results(of: RunDirectory(opening: folder))
    }
    let found = try SmallRun.withFolder { folder in
      try Self.train(.gan, ranks: first, in: folder, syncBatchNorm: syncBatchNorm, stopAt: 2)
      let state = try SafetensorsFile(reading: RunDirectory(opening: folder).state).metadata["state"] ?? ""
      #expect(state.contains("\"step\":2") || state.contains("\"step\":3"))
      try Self.resume(ranks: second, in: folder)
      return try Self.results(of: RunDirectory(opening: folder))
    }
    #expect(found == expected)
  }

  @Test("Ranks that do not divide the replicas, or have other options, are refused on all of them")
  func refused() throws {
    let messages = try InProcessRanks.run(2) { ranks in
      let backend = CPUBackend(threadCount: 1)
      var configuration = try SmallRun.configuration(.unet, on: backend)
      configuration.replicas = 1
      func message() -> String {
        let error = #expect(throws: (any Error).self) {
          try TrainingRun(
            configuration, in: URL(filePath: "/nonexistent"), dataset: SmallRun.dataset(), ranks: ranks, on: backend)
        }
        return error.map { "\($0)" } ?? ""
      }
      let divided = message()
      configuration.replicas = 2
      configuration.syncBatchNorm = ranks.rank == 1
      let synchronized = message()
      configuration.syncBatchNorm = false
      configuration.options.seed = UInt64(ranks.rank)
      return [divided, synchronized, message()]
    }
    #expect(messages[0][0].hasPrefix("--replicas 1: 2 ranks cannot share them"))
    #expect(messages.allSatisfy { $0[1].contains("syncBatchNorm (false and true)") }, "\(messages)")
    #expect(messages.allSatisfy { $0[2].contains("seed (0 and 1)") }, "\(messages)")
  }

  @Test("Ranks wait for what the first one of their machine makes longer than for a message", .timeLimit(.minutes(1)))
  func firstOfHost() throws {
    let results = try InProcessRanks.run(2, timeLimit: 1) { ranks in
      try ranks.onFirstOfHostBefore {
        if ranks.rank == 0 { Thread.sleep(forTimeInterval: 2) }
        return ranks.rank
      }
    }
    #expect(results == [0, 1])
  }

  @Test("Options and data that differ are named by their values alone")
  func agreements() throws {
    var configuration = try SmallRun.configuration(.unet, on: CPUBackend(threadCount: 1))
    let fingerprint = try DataFingerprint(of: SmallRun.dataset())
    (configuration.patience, configuration.saveEvery, configuration.dataFingerprint) = (3, nil, fingerprint)
    let texts = Dictionary(configuration.agreements.map { ($0.name, $0.text) }) { first, _ in first }
    #expect(texts["patience"] == "3")
    #expect(texts["saveEvery"] == "none")
    #expect(texts["dataFingerprint"] == "\(fingerprint.imageCount) images with SHA-256 \(fingerprint.sha256)")
  }

  @Test("Other weights on a rank end the run at the epoch's end")
  func otherWeights() throws {
    let errors = try InProcessRanks.run(2) { ranks in
      let backend = CPUBackend(threadCount: 1)
      return try SmallRun.withFolder { folder in
        var configuration = try SmallRun.configuration(.unet, on: backend)
        configuration.replicas = 2
        let run = try TrainingRun(
          configuration, in: folder, dataset: SmallRun.dataset(), ranks: ranks, on: backend)
        if ranks.rank == 1 { run.trainer.learningRate = 0 }
        try run.trainer.setOrder([0, 1, 2, 3, 4, 5, 6, 7])
        try run.trainer.step(first: 0)
        let error = #expect(throws: MessagePassingError.self) { try run.requireSameWeights() }
        return "\(error.map { "\($0)" } ?? "")"
      }
    }
    #expect(errors.allSatisfy { $0.contains("the weights after epoch 0") }, "\(errors)")
  }
}
