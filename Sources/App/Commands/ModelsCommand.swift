import ArgumentParser
import Models
import Runtime

/// `recolor models`
struct ModelsCommand: SpeakingCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "Show what the models consist of, layer by layer, and which ones are built in.",
    discussion: """
      Shows every layer with the shape of its output (height×width×channels), its parameters and its multiply-adds for \
      one image, the totals, and the memory that training takes. Without a model, lists the trained models that come \
      with the program and shows both kinds; the name of a trained model shows its model card.

        recolor models builtin:photo
        recolor models unet
        recolor models gan --width 16 --size 64
      """)

  @Argument(
    help: "unet, the autoencoder; gan, the conditional DCGAN; or a built-in model, \(BuiltInModel.list).")
  var model: ModelSubject?
  @OptionGroup var options: ModelOptions
  @OptionGroup var deviceOptions: DeviceOptions
  @OptionGroup var report: ReportOptions
  @OptionGroup var verbosity: VerbosityOptions

  func validate() throws {
    if case .builtIn(let model) = model, let option = options.given.first {
      throw ValidationError("\(option): does not apply to \(model.argument), whose sizes are those of its weights.")
    }
    try options.validate(for: kinds)
  }

  func run() throws {
    switch model {
    case .builtIn(let model):
      try Console.output(report.json ? try JSONReport.text(BuiltInModelReport(model)) : model.card)
    case .kind:
      let reports = try modelReports()
      try Console.output(report.json ? try JSONReport.text(reports[0]) : reports[0].text)
    case nil:
      let list = ModelsReport(
        models: try modelReports(), builtIn: try BuiltInModel.allCases.map(BuiltInModelReport.init))
      try Console.output(report.json ? try JSONReport.text(list) : list.text)
    }
  }

  /// Returns the report of each kind of model that is shown.
  private func modelReports() throws -> [ModelReport] {
    let backend = try deviceOptions.device.open(.named(.float32), .automatic)
    return try kinds.map { kind in
      try ModelReport(options.configuration(kind), size: options.size, batchSize: options.batchSize, on: backend)
    }
  }

  private var kinds: [ModelKind] {
    switch model {
    case .kind(let kind): [kind]
    case .builtIn: []
    case nil: ModelKind.allCases
    }
  }
}

/// The argument of `recolor models`: a kind of model, or a built-in model.
enum ModelSubject: ExpressibleByArgument {
  case kind(ModelKind)
  case builtIn(BuiltInModel)

  init?(argument: String) {
    if let kind = ModelKind(rawValue: argument) {
      self = .kind(kind)
    } else if let model = BuiltInModel(argument: argument) {
      self = .builtIn(model)
    } else {
      return nil
    }
  }

  static var allValueStrings: [String] {
    ModelKind.allCases.map(\.rawValue) + BuiltInModel.allCases.map(\.argument)
  }
}

/// The report of `recolor models` on all models.
private struct ModelsReport: Encodable {
  let models: [ModelReport]
  let builtIn: [BuiltInModelReport]

  /// The built-in models, and the tables of the others.
  var text: String {
    let list = "Built in:\n" + builtIn.map { "  \($0.text)" }.joined(separator: "\n")
    return ([list] + models.map(\.text)).joined(separator: "\n\n")
  }
}
