import ArgumentParser
import Files
import Glibc
import Imaging
import Models

/// `recolor colorize`
struct Colorize: SpeakingCommand {
  static let configuration = CommandConfiguration(
    abstract: "Color photographs.",
    discussion: """
      Reads PNG, JPEG, WebP, TIFF, BMP and GIF pictures of any size, and HEIC and AVIF pictures where libheif is \
      installed, and writes colored PNG, JPEG, WebP or TIFF pictures of the same sizes. The model sees a picture made \
      smaller and gives the colors; light and dark stay the picture's own, in every detail. Its own colors, if it has \
      any, are ignored. Files that are there already are left alone; a picture that cannot be read is reported and the \
      others are colored. Without --out, the colored picture is put beside the picture: old-colored.png beside \
      old.jpg, and albums-colored beside the folder albums. Later runs do not color these again.

        recolor colorize old.jpg
        recolor colorize *.tif --out colored
        recolor colorize runs/gan old.jpg --out new.png
        recolor colorize runs/gan albums --recursive --out colored --format jpeg
        scanimage --format tiff | recolor colorize runs/gan - --out - >colored.png
        recolor colorize old.jpg --hint 640,300,#7a1f1f
        recolor colorize runs/gan old.jpg --out small.png --raw --working-size 64

      See docs/colorize.md.
      """)

  @Argument(
    help: ArgumentHelp(
      "Pictures to color, folders of pictures, or - for standard input; before them a model, unless --weights names one.",
      discussion: """
        A model is a safetensors file, the folder of a run, which stands for its best weights, or a built-in model, \
        \(BuiltInModel.list). Without one, \(BuiltInModel.standard.argument) colors.
        """,
      valueName: "input"),
    completion: .file())
  var arguments: [String]
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("The model; all other arguments are then pictures.", valueName: "model"), completion: .file())
  var weights: String?
  @OptionGroup(title: "Where the weights do not say it") var unstated: UnstatedTraits
  @Option(
    name: [.long, .customShort("o")], parsing: .unconditional,
    help: ArgumentHelp(
      """
      Where colored pictures go: a folder; for one picture also a file in \
      \(ImageFormat.writtenEndings), or - for standard output. (default: beside the picture)
      """,
      valueName: "path"))
  var out: String?
  @Flag(help: "Color the pictures of folders inside folders too; below --out they are in the same folders.")
  var recursive = false
  @Flag(help: "Replace files that are already there.")
  var force = false
  @Flag(help: "Pass over pictures whose colored picture is already there, as after a run that was stopped.")
  var skipExisting = false
  @Option(
    help: ArgumentHelp(
      "Format of pictures written into a folder; same is the picture's, or png where that is only read. (default: png)",
      valueName: ColoredFormat.allValueStrings.joined(separator: "|")))
  var format: ColoredFormat?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      Quality of \(Format.list(ImageFormat.lossy.map(\.name), "and")) pictures, 1 to 100; a WebP picture of 100 is \
      lossless. (default: \(ImageFormat.defaultQuality))
      """))
  var quality: Int?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      Compression of PNG pictures, from 1, the fastest, to 9, the smallest files. \
      (default: \(Compression.standardLevel))
      """,
      valueName: "level"))
  var compression: Int?
  @Flag(help: "Color a picture whose file ends too early as far as it goes; otherwise it is an error.")
  var partial = false
  @Flag(help: "Write the model's own red, green and blue, at its working size.")
  var raw = false
  @OptionGroup var coloringOptions: ColoringOptions
  @OptionGroup var hintOptions: HintOptions
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Most pixels of a picture, in millions; larger ones are refused.", valueName: "megapixels"))
  var pixelLimit = RGBImage.maximumPixelCount / 1_000_000
  @OptionGroup var deviceOptions: DeviceOptions
  @OptionGroup var precisionOptions: PrecisionOptions
  @OptionGroup var productOptions: ProductOptions
  @OptionGroup var verbosity: VerbosityOptions

  func validate() throws {
    try Requirement.within(1...100).check(quality, of: "quality")
    try Requirement.within(Compression.levels).check(compression, of: "compression")
    if raw, let option = coloringOptions.givenOfChroma.first {
      throw ValidationError("\(option): does not apply to the model's own colors, --raw.")
    }
    if raw, hintOptions.isGiven { throw ValidationError("--hint: does not apply to the model's own colors, --raw.") }
    guard (1...1_000_000).contains(pixelLimit) else {
      throw ValidationError("--pixel-limit \(pixelLimit): must be from 1 to 1000000 megapixels.")
    }
    if skipExisting {
      if force { throw ValidationError("--skip-existing: --force replaces what is there; give one of them.") }
      if out == "-" { throw ValidationError("--skip-existing: does not apply to standard output, --out -.") }
    }
    if arguments.filter({ $0 == "-" }).count > 1 { throw ValidationError("-: standard input can be read only once.") }
    if out == "-", isatty(STDOUT_FILENO) == 1 {
      throw ValidationError("--out -: standard output is a terminal; send it to a file or a pipe.")
    }
  }

  func run() throws {
    let choice = try ModelChoice(arguments, weights: weights, isRecursive: recursive)
    let plan = try PictureJobs(inputs: choice.pictures, out: out, format: format, isRecursive: recursive)
    if quality != nil, !plan.jobs.isEmpty, !plan.jobs.contains(where: \.format.isLossy) {
      let names = Format.list(ImageFormat.lossy.map(\.name), "and")
      throw ValidationError("--quality: is of \(names) pictures; \(Self.advice(toWrite: ImageFormat.lossy, to: out))")
    }
    if compression != nil, !plan.jobs.isEmpty, plan.jobs.allSatisfy({ $0.format != .png }) {
      throw ValidationError("--compression: is of PNG pictures; \(Self.advice(toWrite: [.png], to: out))")
    }
    let hints = try hintOptions.load()
    if hintOptions.isGiven, plan.jobs.count > 1 {
      throw ValidationError("--hint: is of one picture; color \(Format.count(plan.jobs.count)) one at a time.")
    }
    let weights = try unstated.open(choice.model)
    let coloring = PictureColoring(
      colorizer: try Colorizer(
        weights, on: try deviceOptions.device.open(precisionOptions.precision, productOptions.cpuProducts)),
      settings: coloringOptions.choice.settings(over: weights.coloringSettings), hints: hints, isRaw: raw,
      quality: quality ?? ImageFormat.defaultQuality, compressionLevel: compression ?? Compression.standardLevel,
      replacesFiles: force, skipsFiles: skipExisting,
      pixelLimit: pixelLimit * 1_000_000, isPartAccepted: partial)
    if let remark = choice.remark { Console.note(remark) }
    for remark in plan.remarks { Console.note(remark) }
    for omission in plan.omissions { Console.warning(omission) }
    for problem in plan.problems { Console.error(problem) }
    let outcome = try coloring.run(plan.jobs)
    let failureCount = plan.problems.count + outcome.failed
    let count = plan.jobs.count + plan.problems.count - outcome.skipped
    if outcome.skipped > 0 {
      Console.note("\(Format.counted(outcome.skipped, "picture")) skipped: the colored picture is already there")
    }
    guard failureCount > 0 else { return }
    if count > 1 { Console.note("\(count - failureCount) of \(count) pictures are colored") }
    throw ExitCode.failure
  }

  /// Returns how to get pictures of one of some formats: where `--out` names a file, its name decides the format.
  private static func advice(toWrite wanted: [ImageFormat], to out: String?) -> String {
    guard let out, let format = ImageFormat(writing: out), !Folder.exists(out) else {
      return
        "\(Format.list(wanted.map { "--format \($0.rawValue)" }, "or")) writes them."
    }
    let endings = ImageFormat.endings(of: wanted)
    return "--out \(out) is the name of a \(format.name) file; give it a name in \(endings)."
  }
}
