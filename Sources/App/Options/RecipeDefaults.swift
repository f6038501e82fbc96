import ArgumentParser
import Models

extension Recipe: ExpressibleByArgument {
  /// The names for help: `study, best or quick`.
  static let names = Format.list(allCases.map(\.rawValue), "or")

  /// Returns the defaults of an option for help: `0.001 for unet, 0.0002 for gan`, or `64, of the recipe best 16`.
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
  /// Returns a line that says that a run without `--recipe` follows the study's, and what it changes of it; nil where a
  /// recipe is given.
  func studyRemark(_ configuration: RunConfiguration) -> String? {
    guard recipeOptions.recipe == nil else { return nil }
    let settings = Recipe.study.settings(for: configuration.model.kind)
    var study = configuration
    study.set(settings)
    let changing = Self.all.filter { option in
      var changed = study
      if option.isOfRecipe { option.apply(self, &changed) }
      return changed != study
    }
    let names =
      changing.map { "--\($0.name)" } + (configuration.imageWidth == settings.imageSize ? [] : ["--size"])
      + (initialWeights == nil ? [] : ["--init"])
    let text =
      "width \(configuration.model.width), \(Format.counted(configuration.epochs, "epoch")), "
      + "batches of \(configuration.options.batchSize)"
    guard names.isEmpty else { return "the study's recipe, except for \(Format.list(names, "and")): \(text)" }
    return "the study's recipe: \(text); --recipe quick takes about ten minutes on two cores"
  }
}
