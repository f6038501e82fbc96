import ArgumentParser
import Files
import FoundationEssentials
import Models
import Report

/// A model of a comparison: its weights, and the settings and the log of its run.
struct ComparedModel {
  var name: String
  let weights: Checkpoint
  /// The run's `config.json`, or, outside a run, the metadata of the weights' file.
  let settings: JSONValue
  /// The run's `metrics.csv`; nil where it has none.
  let log: CSVTable?

  /// Largest size of a run's log, in bytes; a larger file is not one.
  private static let largestText = 1 << 28

  /// - Throws: `SafetensorsError`, `CheckpointError`, `ModelError`, `RunError`.
  init(_ argument: ModelArgument) throws {
    weights = try Self.weights(argument.path)
    name = argument.name ?? weights.shortName
    let run = weights.run
    let settings = run.flatMap { run in (try? run.readConfiguration()).flatMap { _ in try? run.configurationText() } }
    guard let run, let settings,
      let value = try? JSONDecoder().decode(JSONValue.self, from: Data(settings.utf8))
    else {
      self.settings = Self.settings(in: weights)
      log = nil
      return
    }
    self.settings = value
    log = Self.log(of: run)
  }

  /// Returns the log of a run; nil where it has none. A warning says where it cannot be read.
  private static func log(of run: RunDirectory) -> CSVTable? {
    guard Folder.holdsName(run.metrics.path) else { return nil }
    do throws(FileError) {
      return CSVTable(parsing: try readOrdinaryText(run.metrics.path, limit: largestText))
    } catch {
      Console.warning("\(error); its curves are left out")
      return nil
    }
  }

  /// Opens weights. Files that do not say what they are have no option here, which would be of all models.
  private static func weights(_ path: String) throws -> Checkpoint {
    do {
      return try Checkpoint(argument: path)
    } catch let error as CheckpointError {
      let (lacking, option) =
        switch error {
        case .unknownModel: ("model", "--model \(ModelKind.allCases.map(\.rawValue).joined(separator: "|"))")
        case .unknownUpsampling: ("upsampling", "--upsampling nearest|bilinear")
        default: throw error
        }
      throw RunError.file(
        path: path,
        reason: "does not say its \(lacking); recolor export \(Format.shellWord(path)) \(option) "
          + "--format safetensors writes a file that does")
    }
  }

  /// Opens several models. Those of the same name get their paths as names, unless the name was given.
  /// - Throws: `ValidationError` where two models still have the same name; what opening one throws.
  static func open(_ arguments: [ModelArgument]) throws -> [ComparedModel] {
    var models = try arguments.map(ComparedModel.init)
    let names = models.map(\.name)
    for (index, argument) in arguments.enumerated() where names.count(where: { $0 == names[index] }) > 1 {
      if argument.name == nil { models[index].name = argument.path }
    }
    var taken: Set<String> = []
    for model in models where !taken.insert(model.name).inserted {
      throw ValidationError("two models have the name \(model.name); NAME=MODEL gives one of them another.")
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

/// A model on the command line, with an optional name: `runs/gan`, `vivid=runs/gan`.
struct ModelArgument: Equatable, ExpressibleByArgument {
  /// The name; nil for that of its run's folder.
  let name: String?
  /// A run's folder, a weights file or a built-in model.
  let path: String

  init?(argument: String) {
    // A file whose name contains an equals sign.
    guard !Folder.holdsName(argument), let sign = argument.firstIndex(of: "=") else {
      guard !argument.isEmpty else { return nil }
      (name, path) = (nil, argument)
      return
    }
    let (name, path) = (String(argument[..<sign]), String(argument[argument.index(after: sign)...]))
    guard !name.isEmpty, !path.isEmpty else { return nil }
    (self.name, self.path) = (name, path)
  }
}
