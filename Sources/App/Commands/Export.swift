import ArgumentParser
import Files
import FoundationEssentials
import Models

/// `recolor export`
struct Export: SpeakingCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model as a file that other programs run.",
    discussion: """
      onnx is for ONNX Runtime and other programs that read ONNX. The file takes gray images as float32 [batch, 1, \
      height, width] under the name gray and gives color, [batch, 3, height, width]; batch, height and width are free, \
      the latter two multiples of 16. The file's metadata describes the ranges of the values. safetensors is for \
      PyTorch, which also reads the files of a run as they are: the weights under PyTorch's names.

        recolor export runs/gan
        recolor export builtin:photo --out photo.safetensors
        recolor export runs/gan --normalized --out gan.onnx
      """)

  /// A value of `--format`.
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case onnx, safetensors
  }

  @OptionGroup var checkpoint: CheckpointArgument
  @Option(help: "The kind of file. (default: that of the name after --out, or onnx)")
  var format: Format?
  @Option(
    help: ArgumentHelp("The file. (default: the run's name with .onnx or .safetensors)", valueName: "file"),
    completion: .file())
  var out: String?
  @Flag(help: "Round the weights of a safetensors file to 16 bits (float16); running statistics stay float32.")
  var half = false
  @Flag(
    help: "Take gray and give colors in 0...1, clipped, instead of in the range that the model was trained in.")
  var normalized = false
  @Flag(help: "Replace the file if it is there.")
  var force = false
  @OptionGroup var verbosity: VerbosityOptions
  @OptionGroup(title: "What a safetensors file recommends to colorize") var coloringOptions: ColoringOptions

  func validate() throws {
    let format = try kind()
    let ofSafetensors = (half ? ["--half"] : []) + coloringOptions.given
    if format != .safetensors, let name = ofSafetensors.first {
      throw ValidationError("\(name): \(isOf(.safetensors))")
    }
    if normalized, format != .onnx { throw ValidationError("--normalized: \(isOf(.onnx))") }
  }

  /// Returns that an option is of a kind of file, and what asks for another: the name after `--out`, or `--format`.
  private func isOf(_ kind: Format) -> String {
    guard let out else { return "is of --format \(kind)." }
    return "is of files in .\(kind); --out \(out) is the name of another kind; give it a name in .\(kind)."
  }

  /// Returns the kind of file that the options ask for.
  /// - Throws: `ValidationError` where the file's name asks for none, or for another one than `--format`.
  private func kind() throws(ValidationError) -> Format {
    guard let out else { return format ?? .onnx }
    guard let named = Format(rawValue: URL(filePath: out).pathExtension.lowercased()) else {
      let endings = Format.allCases.map { ".\($0)" }.joined(separator: " or ")
      throw ValidationError("--out \(out): only ONNX and safetensors are written; give it a name in \(endings).")
    }
    if let format, format != named {
      throw ValidationError("--format \(format): --out \(out) is the name of another format.")
    }
    return named
  }

  func run() throws {
    let format = try kind()
    let weights = try checkpoint.open()
    let path = out ?? "\(weights.shortName).\(format.rawValue)"
    if !force, Folder.holdsFile(path) {
      throw FileError(path: path, problem: "is already there", reason: "--out names another, --force replaces it")
    }
    let file = URL(filePath: path)
    if file.resolvingSymlinksInPath() == weights.url?.resolvingSymlinksInPath() {
      throw FileError(path: path, problem: "cannot be written", reason: "it holds the weights; name another by --out")
    }
    switch format {
    case .onnx: try ONNXExport(weights, isNormalized: normalized).write(to: file)
    case .safetensors:
      try WeightsExport(weights, isHalf: half, recommending: coloringOptions.choice).write(to: file)
    }
    try Console.output(line: path)
  }
}
