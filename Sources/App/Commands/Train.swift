import ArgumentParser
import CLKernels
import Data
import FoundationEssentials
import MessagePassing
import Models
import Runtime

/// `recolor train`
struct Train: SpeakingCommand {
  static let configuration = CommandConfiguration(
    abstract: "Train a model, or resume a run.",
    discussion: """
      unet is a U-Net autoencoder trained on squared error, or with --loss l1 on absolute error: quick, right on \
      average, washed out. gan is the same network trained against a discriminator: slower, bolder.

        recolor train unet --data scenes --out runs/first --width 16 --epochs 3
        recolor train unet --data cifar10 --recipe quick --out runs/quick
        recolor train gan --data cifar10 --out runs/gan
        recolor train gan --data photographs --size 64 --batch-size 16 --out runs/own
        recolor train gan --data cifar10 --out runs/long --save-every 200 --keep 3
        recolor train --resume runs/long
        recolor train gan --init builtin:photo --data album --out runs/album
        recolor train --config runs/gan/config.json --seed 2 --out runs/again

      Without --recipe, a run follows the study: width 64, which takes an hour and more on a CPU. --recipe quick takes \
      about ten minutes on CIFAR-10 with two cores. A run takes epochs times training photographs, divided by the images per \
      second, and somewhat more for validation. It tells its duration after the first steps, and, where that is more \
      than two hours, the options that shorten it.

      The folder of the run gets config.json, metrics.csv with a row an epoch, samples/epoch_001.png and so on (gray, \
      predicted, photograph), and the weights in checkpoints/: the last, the best by validation, and what --keep says. \
      Ctrl-C saves and stops, as do TERM and a closed terminal. --resume continues from the last save with the same \
      bits, also after a crash; --epochs or --steps beside it train a finished run for longer, and --data says where its \
      photographs are now.

      A NaN or infinite loss ends the run; the last good weights stay. So does a gan's discriminator that dominates \
      for 1000 steps while the L1 loss does not fall, unless --no-guard is given. See docs/runs.md.
      """)

  @Argument(help: "The model: \(ModelKind.names). --resume takes it from the run.")
  var model: ModelKind?
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
  @Flag(help: "Show the run's page in the browser while it trains; its address is printed.")
  var serve = false
  @Option(
    parsing: .unconditional,
    help: "Port of the page's address; 0 is any free one. (default: \(Serve.usualPort), or a free one)")
  var port: Int?
  @OptionGroup var verbosity: VerbosityOptions

  func validate() throws {
    try Requirement.within(0...65_535).check(port, of: "port")
    if port != nil, !serve { throw ValidationError("--port: is of the page, --serve.") }
    if let resume {
      if out != nil { throw ValidationError("--out: a run that goes on stays in its folder, \(resume).") }
      if config != nil { throw ValidationError("--config: a run that goes on has a config.json of its own.") }
      try options.validate(forResuming: resume)
      if let model { try options.validate(for: model) }
      return
    }
    guard let model else { throw ValidationError("<model> is missing: name \(ModelKind.names).") }
    if out?.isEmpty ?? true {
      throw ValidationError("--out is missing: name a folder for the run, or go on with one by --resume.")
    }
    try options.validate(for: model)
    // Initial weights may decide the color space.
    if options.initialWeights == nil { try options.validateTogether(for: model, startingFrom: nil) }
  }

  func run() throws {
    let stop = StopSignal()
    let place = try RankPlace(of: Communicator.join(version: RecolorVersion.current))
    // The first rank speaks for all.
    if place.ranks.rank > 0 { Console.level = .silent }
    let run = try started(in: place)
    let model = run.configuration.model.kind
    let display = run.isWriter ? TrainingDisplay(run) : nil
    let page = serve && run.isWriter ? try TrainingPage(run, port: port) : nil
    defer { page?.stop() }
    let outcome: TrainingRun.Outcome
    do {
      defer { display?.clear() }
      outcome = try run.train { stop.isReceived }
    }
    switch outcome {
    case .finished: try display?.finish()
    case .stopped:
      Console.note(
        "stopped and saved; go on with: recolor train \(model.rawValue) --resume "
          + Format.shellWord(run.directory.url.path))
      throw try stop.exitCode(of: place.ranks)
    }
  }

  /// Starts the run, or resumes it.
  private func started(in place: RankPlace) throws -> TrainingRun {
    if let resume { return try resumed(resume, in: place) }
    // `validate` has refused a command line without one of them.
    guard let model, let out else { throw ValidationError("<model> or --out is missing.") }
    return try started(model, in: out, place)
  }

  private func started(_ model: ModelKind, in folder: String, _ place: RankPlace) throws -> TrainingRun {
    let weights = try options.initialWeights.map { given in
      (name: given.path, checkpoint: try Checkpoint(argument: given.path, kind: model, upsampling: options.upsampling))
    }
    if let weights { try options.validateTogether(for: model, startingFrom: weights.checkpoint) }
    let backend = try opened(
      options.device ?? .automatic, options.precision ?? .automatic, options.cpuProducts ?? .automatic, in: place)
    var configuration = try options.configuration(for: model, startingFrom: weights?.checkpoint, on: backend)
    if options.replicas == nil { configuration.replicas = place.ranks.rankCount }
    // Wrong weights are refused before a large folder is read.
    if let weights { try configuration.setInitialWeights(weights.checkpoint, named: weights.name) }
    if configuration.usedCrop != .center, try options.source.imageFolder(.training) == nil {
      throw RunError.invalidOption(
        "--crop \(configuration.usedCrop.rawValue): only the photographs of a folder are cropped, not \(options.source)"
      )
    }
    let dataset = try place.ranks.onFirstOfHostBefore {
      try options.source.load(
        .training, size: configuration.imageWidth, crop: configuration.usedCrop, toned: configuration.usedToned)
    }
    if configuration.usedCrop != .center {
      Console.note(
        "\(dataset.source): \(Format.counted(dataset.photographCount, "photograph")) in "
          + Format.counted(dataset.count, "square")
          + (configuration.usedCrop == .random ? "; each epoch draws one of each photograph" : ""))
    }
    try dataset.requireSize(options.size)
    (configuration.imageHeight, configuration.imageWidth) = (dataset.height, dataset.width)
    configuration.dataFolder = options.source.place(of: dataset)
    if let parts = options.source.parts() {
      configuration.folders = TrainingFolders(parts, of: dataset)
      ImageFolderReport.note(parts, of: dataset.source, dataset)
    }
    if options.batchSize == nil { try reduceBatchSize(of: &configuration, for: dataset) }
    try requireReplicas(of: configuration, in: place)
    let run = try TrainingRun(
      configuration, startingFrom: weights, in: URL(filePath: folder), dataset: dataset,
      residency: options.deviceImages, ranks: place.ranks, on: backend)
    for remark in options.remarks(configuration, file: config) { Console.note(remark) }
    return run
  }

  /// Refuses replicas that the ranks cannot share, or that cannot share a batch, by the name of what asks for them.
  private func requireReplicas(of configuration: RunConfiguration, in place: RankPlace) throws {
    let count = configuration.usedReplicas
    let isOfFile = options.replicas != nil && !TrainArguments.isTyped("--replicas")
    let file = resume.map { $0 + "/config.json" } ?? (isOfFile ? config : nil)
    try place.ranks.together {
      _ = try Replicas(
        count, over: place.ranks, batchSize: configuration.options.batchSize,
        named: file.map { "\($0): replicas \(count)" })
    }
  }

  /// Replaces a batch size that was not asked for by the largest power of two of which an epoch has two batches, where
  /// there are fewer photographs than that; a line says so.
  private func reduceBatchSize(of configuration: inout RunConfiguration, for dataset: ImageDataset) throws(DataError) {
    let count = try configuration.split(of: dataset).training.count
    let usual = configuration.options.batchSize
    guard count < usual else { return }
    var batchSize = 1
    while 4 * batchSize <= count { batchSize *= 2 }
    configuration.options.batchSize = batchSize
    Console.note(
      "\(Format.counted(count, "photograph")) to train on: batches of \(batchSize) instead of \(usual); "
        + "--batch-size sets another size")
  }

  /// Opens the device. Where it is to compile the kernels for the first time, the next steps can take long.
  private func opened(
    _ device: DeviceSelection, _ precision: PrecisionSelection, _ products: ProductSelection, in place: RankPlace
  ) throws(BackendError) -> any Backend {
    let backend = try device.open(precision, products, in: place, isStated: true)
    try place.requireOwn(backend)
    if backend is CLBackend, Console.isTerminal {
      Console.note("preparing the kernels for \(backend.name); the first time this takes a while")
    }
    return backend
  }

  /// Opens the device of a run that is resumed, in the run's precision and with its products unless others are given.
  private func backend(
    _ device: DeviceSelection, for configuration: RunConfiguration, toResume folder: String, in place: RankPlace
  ) throws -> any Backend {
    let precision = configuration.precision ?? .float32
    do throws(BackendError) {
      return try opened(
        device, .named(precision), options.cpuProducts ?? .named(configuration.cpuProducts ?? .vector),
        in: place)
    } catch {
      switch error {
      case .unsupportedPrecision(_, let device, let reason):
        throw RunError.invalidOption(
          "--resume \(folder): the run is in \(precision), which \(device) cannot: \(reason); to go on in fp32, write so "
            + "into its config.json")
      case .library where device == .cpu && options.cpuProducts == nil:
        throw RunError.invalidOption(
          "--resume \(folder): the run multiplies by BLAS. \(error); or go on without it: --cpu-products vector")
      default: throw error
      }
    }
  }

  private func resumed(_ folder: String, in place: RankPlace) throws -> TrainingRun {
    let (directory, recorded) = try place.openRun(folder)
    var configuration = recorded
    options.applyChanges(to: &configuration)
    let kind = configuration.model.kind
    if let model, model != kind {
      throw RunError.invalidOption("--resume \(folder): trains a \(kind.rawValue), not a \(model.rawValue)")
    }
    try options.validate(for: kind)
    guard let device = DeviceSelection(argument: configuration.device) else {
      throw RunError.notARun(path: folder, reason: "config.json names no device: \(configuration.device)")
    }
    let backend = try backend(place.device(of: device), for: configuration, toResume: folder, in: place)
    let source = DataSource(argument: configuration.data)
    let dataset = try place.ranks.onFirstOfHostBefore {
      try source.found(in: configuration.dataFolder).load(
        .training, size: configuration.imageWidth, toned: configuration.usedToned, ofRun: configuration)
    }
    configuration.dataFolder = source.place(of: dataset)
    try requireReplicas(of: configuration, in: place)
    return try TrainingRun(
      resuming: directory, as: configuration, dataset: dataset, residency: options.deviceImages, ranks: place.ranks,
      on: backend)
  }
}
