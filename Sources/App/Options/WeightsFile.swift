import Files
import FoundationEssentials
import Imaging
import Models

/// A path that was given for weights: a safetensors file, or a run's folder, which stands for its best weights, or the
/// last before its first epoch ends. Other files and folders that are given instead are recognized.
struct WeightsFile {
  let url: URL

  /// - Throws: `RunError` where the path is something else, as far as its name, its first bytes and the names around it
  ///   tell.
  init(_ path: String) throws(RunError) {
    if Folder.exists(path) {
      url = try Self.weights(inFolder: path)
      return
    }
    guard Folder.holdsName(path) else {
      let model = BuiltInModel.allCases.first { $0.rawValue == path }
      throw .file(
        path: path,
        reason: model.map { "no such file; did you mean \($0.argument)?" }
          ?? "no such file or folder; weights are a safetensors file, a run's folder or \(BuiltInModel.list)")
    }
    if let reason = Self.otherKind(path) { throw .file(path: path, reason: reason) }
    url = URL(filePath: path)
  }

  private static func weights(inFolder path: String) throws(RunError) -> URL {
    let run = RunDirectory(opening: URL(filePath: path))
    if let weights = [run.best, run.last].first(where: { Folder.holdsName($0.path) }) { return weights }
    if RunPlace.isRun(path) {
      throw .file(path: path, reason: "no weights yet; the run writes them after its first epoch, or by --save-every")
    }
    if let run = RunPlace.run(holding: path) {
      throw .file(path: path, reason: "no weights; it is a part of a run; name the run: \(Format.shellWord(run))")
    }
    throw .file(
      path: path,
      reason: "no weights: "
        + (RunPlace.list(in: path) ?? "neither checkpoints/best.safetensors nor last.safetensors is there"))
  }

  /// Returns the kind of an ordinary file that holds no weights that are read, with a remedy; nil where it may hold
  /// some.
  private static func otherKind(_ path: String) -> String? {
    let run = RunPlace.run(holding: path)
    let remedy = "name " + (run.map { "the run, \(Format.shellWord($0))" } ?? "the run's folder or a safetensors file")
    if ImageFormat(ofFileAt: path) != nil { return "is a picture, not a model" }
    if path.hasSuffix(".state.safetensors") { return "is a run's state, not a model; \(remedy)" }
    let bytes = firstBytes(8, of: path)
    // Protocol buffers have no signature.
    if path.lowercased().hasSuffix(".onnx") { return "is an ONNX file, which is written and not read; \(remedy)" }
    // A ZIP archive, and a pickle. A safetensors file may begin with the same bytes: those of its header's length,
    // which is below 2^32.
    let isPyTorch = [Array("PK\u{3}\u{4}".utf8), [0x80, 2], [0x80, 4]].contains { bytes.starts(with: $0) }
    if isPyTorch, bytes.dropFirst(4).contains(where: { $0 != 0 }) {
      return "is a file of PyTorch or an archive; in PyTorch, safetensors.torch.save_file writes one that is read"
    }
    guard let run else { return nil }
    let name = URL(filePath: path).lastPathComponent
    if name == "config.json" { return "is a run's configuration, not a model; \(remedy)" }
    return Folder.parent(of: path) == run ? "is a file of a run, not its weights; \(remedy)" : nil
  }
}
