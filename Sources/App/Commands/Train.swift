import ArgumentParser
import CLKernels
import Data
import FoundationEssentials
import Models
import Runtime

/// `recolor train`
struct Train: SpeakingCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a model, or resume a run.",
    discussion: """
      unet is a U-Net autoencoder trained on squared error: quick, right on average, washed out. gan is the same \
      network trained against a discriminator: slower, bolder.

        recolor train unet --data scenes --out runs/first --width 16 --epochs 3
        recolor train unet --data cifar10 --recipe quick --out runs/quick
        recolor train gan --data cifar10 --out runs/gan
        recolor train gan --data photographs --size 64 --batch-size 16 --out runs/own
        recolor train gan --data cifar10 --out runs/long --save-every 200 --keep 3
        recolor train gan --resume runs/long
        recolor train gan --init builtin:photo --data album --out runs/album
        recolor train --config runs/gan/config.json --seed 2 --out runs/again

      Without --recipe, a run follows the study: width 64, which takes hours on a CPU. --recipe quick takes about ten \
      minutes on CIFAR-10 with two cores. A run takes epochs times training photographs, divided by the images per second, and \
      somewhat more for validation. It tells its duration after the first steps, and, where that is more than two \
      hours, the options that shorten it.

      The folder of the run gets config.json, metrics.csv with a row an epoch, samples/epoch_001.png and so on (gray, \
      predicted, photograph), and the weights in checkpoints/: the last, the best by validation, and what --keep says. \
      Ctrl-C saves and stops, as do TERM and a closed terminal. --resume continues from the last save with the same \
      bits, also after a crash. To train a finished run for longer, raise epochs in its config.json and resume it.

      A NaN or infinite loss ends the run; the last good weights stay. So does a gan's discriminator that dominates \
      for 1000 steps while the L1 loss does not fall, unless --no-guard is given. See docs/runs.md.
      """)

  @Argument(help: "The model: \(ModelKind.names).")
  var model: ModelKind
  @Option(
    help: ArgumentHelp("Folder for the run; it must be new or empty.", valueName: "folder"),
    completion: .directory)
  var out: String?
  @OptionGroup var options: TrainOptions
  @Option(
    help: ArgumentHelp("Resume the run in this folder, with the options in its config.json.", valueName: "run"),
    completion: .directory)
  var resume: String?
  @Option(
    help: ArgumentHelp(
      "Take options from this file, JSON or YAML.",
      discussion: """
        Its keys are the options' names, or those of a run's config.json, which is such a file as well. Options \
        on the command line override them.
        """,
      valueName: "file"),
    completion: .file(extensions: ["json", "yaml", "yml"]))
  var config: String?
  @OptionGroup var verbosity: VerbosityOptions

  func validate() throws {
    if let resume {
      if out != nil { throw ValidationError("--out: a run that goes on stays in its folder, \(resume).") }
      if config != nil { throw ValidationError("--config: a run that goes on has a config.json of its own.") }
      try options.validate(forResuming: resume)
    } else if out?.isEmpty ?? true {
      throw ValidationError("--out is missing: name a folder for the run, or go on with one by --resume.")
    }
    try options.validate(for: model)
    // Initial weights may decide the color space.
    if resume == nil, options.initialWeights == nil { try options.validateTogether(for: model, startingFrom: nil) }
  }

  func run() throws {
    let stop = StopSignal()
    let run = try resume.map { try resumed($0) } ?? started(in: out ?? "")
    let display = TrainingDisplay(run)
    let outcome: TrainingRun.Outcome
    do {
      defer { display.clear() }
      outcome = try run.train { stop.isReceived }
    }
    switch outcome {
    case .finished: try display.finish()
    case .stopped:
      Console.note(
        "stopped and saved; go on with: recolor train \(model.rawValue) --resume "
          + Format.shellWord(run.directory.url.path))
      throw stop.exitCode
    }
  }

  private func started(in folder: String) throws -> TrainingRun {
    let weights = try options.initialWeights.map { given in
      (name: given.path, checkpoint: try Checkpoint(argument: given.path, kind: model, upsampling: options.upsampling))
    }
    if let weights { try options.validateTogether(for: model, startingFrom: weights.checkpoint) }
    let backend = try opened(options.device ?? .automatic, options.precision ?? .automatic)
    var configuration = try options.configuration(for: model, startingFrom: weights?.checkpoint, on: backend)
    // Wrong weights are refused before a large folder is read.
    if let weights { try configuration.setInitialWeights(weights.checkpoint, named: weights.name) }
    let dataset = try options.source.load(
      .training, size: configuration.imageWidth, toned: configuration.usedToned)
    if let size = options.size, dataset.width != size {
      throw RunError.invalidOption(
        "--size \(size): the photographs of \(dataset.name) are \(dataset.width)×\(dataset.height)")
    }
    (configuration.imageHeight, configuration.imageWidth) = (dataset.height, dataset.width)
    let run = try TrainingRun(
      configuration, startingFrom: weights, in: URL(filePath: folder), dataset: dataset,
      residency: options.deviceImages, on: backend)
    for remark in options.remarks(configuration, file: config) { Console.note(remark) }
    return run
  }

  /// Opens the device. Where it is to compile the kernels for the first time, the next steps can take long.
  private func opened(_ device: DeviceSelection, _ precision: PrecisionSelection) throws(BackendError) -> any Backend {
    let backend = try device.open(precision, isStated: true)
    if backend is CLBackend, Console.isTerminal {
      Console.note("preparing the kernels for \(backend.name); the first time this takes a while")
    }
    return backend
  }

  /// Opens the device of a run that is resumed, in the run's precision.
  private func backend(_ device: DeviceSelection, _ precision: Precision, toResume folder: String) throws
    -> any Backend
  {
    do throws(BackendError) {
      return try opened(device, .named(precision))
    } catch {
      guard case .unsupportedPrecision(_, let device, let reason) = error else { throw error }
      throw RunError.invalidOption(
        "--resume \(folder): the run is in \(precision), which \(device) cannot: \(reason); to go on in fp32, write so "
          + "into its config.json")
    }
  }

  private func resumed(_ folder: String) throws -> TrainingRun {
    try RunPlace.requireRun(folder)
    let directory = try RunDirectory(resuming: URL(filePath: folder))
    var configuration = try directory.readConfiguration()
    options.applyChanges(to: &configuration)
    guard configuration.model.kind == model else {
      throw RunError.invalidOption(
        "--resume \(folder): trains a \(configuration.model.kind.rawValue), not a \(model.rawValue)")
    }
    guard let device = DeviceSelection(argument: configuration.device) else {
      throw RunError.notARun(path: folder, reason: "config.json names no device: \(configuration.device)")
    }
    let backend = try backend(device, configuration.precision ?? .float32, toResume: folder)
    let dataset = try DataSource(argument: configuration.data).load(
      .training, size: configuration.imageWidth, toned: configuration.usedToned)
    return try TrainingRun(
      resuming: directory, as: configuration, dataset: dataset, residency: options.deviceImages, on: backend)
  }
}
