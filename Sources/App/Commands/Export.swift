import ArgumentParser
import Files
import FoundationEssentials
import Models

/// `recolor export`
struct Export: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write a model as a file that other programs run.",
    discussion: """
      onnx is for ONNX Runtime and other programs that read ONNX. The file takes gray images as float32 [batch, 1, \
      height, width] under the name gray and gives color, [batch, 3, height, width]; batch, height and width are free, \
      the latter two multiples of 16. The file's metadata describes the ranges of the values. PyTorch needs no export: \
      it reads the safetensors files of a run.

        recolor export runs/gan
        recolor export runs/gan --normalized --out gan.onnx
      """)

  /// A value of `--format`.
  enum Format: String, CaseIterable, ExpressibleByArgument {
    case onnx
  }

  @OptionGroup var checkpoint: CheckpointArgument
  @Option(help: "What kind of file.")
  var format: Format = .onnx
  @Option(
    help: ArgumentHelp("The file. (default: the run's name with .onnx)", valueName: "file"), completion: .file())
  var out: String?
  @Flag(
    help: "Take gray and give colors in 0...1, clipped, instead of in the range that the model was trained in.")
  var normalized = false
  @Flag(help: "Replace the file if it is there.")
  var force = false

  func validate() throws {
    if let out, out.isEmpty { throw ValidationError("--out: names no file.") }
  }

  func run() throws {
    let weights = try checkpoint.open()
    let path = out ?? "\(WeightsPath.name(of: weights)).\(format.rawValue)"
    if !force, Folder.holdsFile(path) {
      throw ONNXError.file(path: path, reason: "is there already; name another by --out, or replace it by --force")
    }
    if URL(filePath: path).resolvingSymlinksInPath() == weights.url.resolvingSymlinksInPath() {
      throw ONNXError.file(path: path, reason: "holds the weights to export; name another by --out")
    }
    try ONNXExport(weights, isNormalized: normalized).write(to: URL(filePath: path))
    try Console.output(path)
  }
}
