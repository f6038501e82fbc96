import ArgumentParser
import Models

/// An option of `recolor train`: its name and keys, when it may be given, and its effect on a run's configuration.
///
/// `TrainOptions.all` has one for each option of a run's configuration. What `--resume` refuses, what `--config` reads
/// and what a recipe decides follows from it.
struct TrainOption {
  /// A part that only some models have.
  struct ModelPart {
    let kinds: [ModelKind]
    /// Its name in messages: `a discriminator`.
    let name: String

    static let choiceOfLoss = ModelPart(
      kinds: [.unet], name: "a choice of its loss; that of gan's colors is L1, and --l1-weight is its weight")
    static let l1Term = ModelPart(kinds: [.gan], name: "one")
    static let discriminator = ModelPart(kinds: [.gan], name: "a discriminator")
  }

  /// A setting of recipes that is not one of `TrainingOptions`. A recipe replaces its value in a configuration file
  /// only where its own is another than the study's.
  struct RecipeSetting {
    let isChanged: (_ by: Recipe, ModelKind) -> Bool

    init<Value: Equatable>(_ setting: KeyPath<RecipeSettings, Value>) {
      isChanged = { $0.changes(setting, for: $1) }
    }
  }

  /// The name on the command line, without leading dashes.
  let name: String
  /// Other names that it has in a run's `config.json`, spelled as options are.
  let keys: [String]
  /// The part of the model that it is about; nil where all models have it.
  private let part: ModelPart?
  /// Whether a recipe decides the value where it is not given.
  let isOfRecipe: Bool
  /// Whether a recipe that the command line names replaces the value in a configuration file.
  let isReplaced: (_ by: Recipe, ModelKind) -> Bool
  /// Whether a resumed run may be given another value.
  let mayChange: Bool
  /// Whether the value in the `config.json` of a run may be changed before it is resumed.
  let mayBeEdited: Bool
  /// Returns the option as it was given, `--flips` or `--no-flips`; nil where it was not.
  let given: (TrainOptions) -> String?
  /// Sets the value in a configuration, if it was given.
  let apply: (TrainOptions, inout RunConfiguration) -> Void
  private let check: (TrainOptions) throws -> Void

  /// - Parameters:
  ///   - value: The value on the command line; nil where it is not given.
  ///   - isOfRecipe: Whether it is one of `TrainingOptions` that recipes decide.
  ///   - setting: The other setting that recipes decide, if it is one.
  ///   - mayChange: Whether a resumed run may be given another value.
  ///   - mayBeEdited: Whether it may be changed in a run's `config.json`, if it is not `mayChange`.
  ///   - requirement: The condition on the value beyond what its type demands.
  ///   - set: Sets the value in a configuration. By default it sets nothing.
  init<Value>(
    _ name: String, _ value: KeyPath<TrainOptions, Value?>, keys: [String] = [], of part: ModelPart? = nil,
    isOfRecipe: Bool = false, setting: RecipeSetting? = nil, mayChange: Bool = false,
    mayBeEdited: Bool = false, must requirement: Requirement<Value>? = nil,
    set: @escaping (inout RunConfiguration, Value) -> Void = { _, _ in }
  ) {
    self.name = name
    self.keys = keys
    self.part = part
    self.isOfRecipe = isOfRecipe || setting != nil
    isReplaced = setting?.isChanged ?? { _, _ in isOfRecipe }
    self.mayChange = mayChange
    self.mayBeEdited = mayBeEdited || mayChange
    given = { options in
      options[keyPath: value].map { $0 as? Bool == false ? "--no-\(name)" : "--\(name)" }
    }
    check = { try requirement?.check($0[keyPath: value], of: name) }
    apply = { options, configuration in
      if let value = options[keyPath: value] { set(&configuration, value) }
    }
  }

  func isOf(_ kind: ModelKind) -> Bool { part?.kinds.contains(kind) ?? true }

  /// Throws `ValidationError` where the value cannot be used for a model.
  func validate(_ options: TrainOptions, for kind: ModelKind) throws {
    if let part, !isOf(kind), let given = given(options) {
      let kinds = Format.list(part.kinds.map(\.rawValue), "or")
      throw ValidationError("\(given): only \(kinds) has \(part.name).")
    }
    try check(options)
  }
}
