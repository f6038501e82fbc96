import Files
import FoundationEssentials
import Models
import Report

/// One of the models that are compared: its weights, and what the run that they lie in tells.
struct ComparedModel {
  var name: String
  let weights: Checkpoint
  /// The run's `config.json`, or, outside a run, what the weights' file says of itself.
  let settings: JSONValue
  /// The run's `metrics.csv`; nil where there is none.
  let log: CSVTable?

  /// Largest size of a text file in a run's folder, in bytes; a larger one is none of ours.
  private static let largestText = 1 << 28

  /// - Throws: `SafetensorsError`, `CheckpointError`, `ModelError`, `RunError`.
  init(_ argument: ModelArgument) throws {
    weights = try Checkpoint(reading: WeightsPath.url(argument.path))
    name = argument.name ?? WeightsPath.name(of: weights)
    let run = RunDirectory(opening: weights.url.deletingLastPathComponent().deletingLastPathComponent())
    let settings = (try? run.readConfiguration()).flatMap { _ in try? readFile(run.configuration.path) }
    guard let settings, let value = try? JSONDecoder().decode(JSONValue.self, from: Data(settings)) else {
      self.settings = Self.settings(in: weights)
      log = nil
      return
    }
    self.settings = value
    log = (try? readFile(run.metrics.path, limit: Self.largestText)).map {
      CSVTable(parsing: String(decoding: $0, as: UTF8.self))
    }
  }

  /// Opens several; those of the same name are told apart by their paths.
  static func open(_ arguments: [ModelArgument]) throws -> [ComparedModel] {
    var models = try arguments.map(ComparedModel.init)
    let names = models.map(\.name)
    for (index, argument) in arguments.enumerated() where names.count(where: { $0 == names[index] }) > 1 {
      if argument.name == nil { models[index].name = argument.path }
    }
    return models
  }

  private static func settings(in weights: Checkpoint) -> JSONValue {
    .object(
      weights.metadata.mapValues { text in
        (try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))) ?? .text(text)
      })
  }
}
