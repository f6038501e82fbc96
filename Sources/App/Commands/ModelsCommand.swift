import ArgumentParser
import Models
import Runtime

/// `recolor models`
struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models",
    abstract: "Show what the models consist of, layer by layer, and which ones are built in.",
    discussion: """
      Shows every layer with the shape of its output (height×width×channels), its parameters and its multiply-adds for \
      one image, the totals, and the memory that training takes. Without a model, shows both and lists the trained \
      models that come with the program; the name of one of these shows its model card.

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

  func validate() throws { try options.validate(for: kinds) }

  func run() throws {
    if case .builtIn(let model) = model {
      return try Console.output(report.json ? try JSONReport.text(BuiltInModelReport(model)) : model.card)
    }
    let builtIn = try BuiltInModel.allCases.map(BuiltInModelReport.init)
    let backend = try deviceOptions.device.open(.named(.float32))
    let reports = try kinds.map { kind in
      try ModelReport(
        options.configuration(kind), size: options.size, batchSize: options.batchSize, on: backend)
    }
    if !report.json {
      let list = model == nil ? ["Built in:\n" + builtIn.map { "  \($0.text)" }.joined(separator: "\n")] : []
      try Console.output((reports.map(\.text) + list).joined(separator: "\n\n"))
    } else if model == nil {
      try Console.output(try JSONReport.text(ModelsReport(models: reports, builtIn: builtIn)))
    } else {
      try Console.output(try JSONReport.text(reports[0]))
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
}
