import ArgumentParser
import Models

extension Recipe: ExpressibleByArgument {
  /// The names for help: `study, best or quick`.
  static let names = Format.list(allCases.map(\.rawValue), "or")

  /// Returns the defaults of an option for help: `0.001 for unet, 0.0002 for gan`, or `0, of the recipe best 0.93`.
  static func defaults<Value>(_ setting: KeyPath<RecipeSettings, Value>) -> String {
    func text(_ recipe: Recipe) -> String {
      let values = ModelKind.allCases.map { ($0, text(recipe.settings(for: $0)[keyPath: setting])) }
      guard let first = values.first?.1, values.contains(where: { $0.1 != first }) else { return values.first?.1 ?? "" }
      return values.map { "\($1) for \($0.rawValue)" }.joined(separator: ", ")
    }
    func text(_ value: Value) -> String {
      if let flag = value as? Bool { return flag ? "yes" : "no" }
      let text = "\(value)"
      return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
    let usual = text(.study)
    let others = Recipe.allCases.map { ($0, text($0)) }.filter { $0.1 != usual }
    return ([usual] + others.map { "of the recipe \($0.rawValue) \($1)" }).joined(separator: ", ")
  }
}

extension TrainOptions {
  /// Returns lines that say what the run takes from initial weights and, without `--recipe`, from the study's recipe or
  /// from a file.
  /// - Parameter file: The file that `--config` names, whose options are among these.
  func remarks(_ configuration: RunConfiguration, file: String?) -> [String] {
    [initialRemark(configuration), recipeRemark(configuration, file: file), batchNormRemark(configuration)]
      .compactMap(\.self)
  }

  /// Returns that batch norms are over one replica's images in any case; nil where there are more replicas.
  private func batchNormRemark(_ configuration: RunConfiguration) -> String? {
    guard configuration.usesSyncBatchNorm, configuration.usedReplicas == 1 else { return nil }
    return "--sync-batch-norm changes nothing with one replica: --replicas, or mpirun, makes more"
  }

  /// Returns the settings that the run takes from its initial weights; nil where it has none.
  private func initialRemark(_ configuration: RunConfiguration) -> String? {
    guard let initialWeights else { return nil }
    let model = configuration.model
    return "from \(initialWeights.path): width \(model.width), \(model.colorSpace.rawValue), "
      + "\(model.upsampling.rawValue)" + (size == nil ? ", size \(configuration.imageWidth)" : "")
  }

  /// Returns what the run changes of the study's recipe; nil where a recipe is given.
  private func recipeRemark(_ configuration: RunConfiguration, file: String?) -> String? {
    guard recipeOptions.recipe == nil else { return nil }
    let settings = Recipe.study.settings(for: configuration.model.kind)
    var study = configuration
    study.set(settings)
    let changing = Self.all.filter { option in
      var changed = study
      if option.isOfRecipe { option.apply(self, &changed) }
      return changed != study || option.name == "size" && (size.map { $0 != settings.imageSize } ?? false)
    }
    let isStudy = changing.isEmpty && initialWeights == nil
    let text =
      (initialWeights == nil ? "width \(configuration.model.width), " : "")
      + "\(Format.counted(configuration.epochs, "epoch")), batches of \(configuration.options.batchSize)"
    if isStudy {
      return "the study's recipe: \(text); --recipe quick takes about ten minutes on CIFAR-10 with two cores"
    }
    if let file { return "the options of \(file): \(text)" }
    let names = Format.list(changing.map { "--\($0.name)" }, "and")
    return "the study's recipe\(changing.isEmpty ? "" : ", except for \(names)"): \(text)"
  }
}
