import Foundation
import Models
import TestSupport
import Testing

/// The kinds of files that `export` writes.
@Suite("export")
struct ExportTests {
  private let folder: TemporaryFolder
  private let weights: String

  init() throws {
    folder = try TemporaryFolder()
    weights = folder.path + "/weights.safetensors"
    try UntrainedWeights.write(to: weights)
  }

  private func export(_ options: [String]) throws -> RecolorProcess.Result {
    try RecolorProcess(["export", weights] + options, directory: folder.path).wait()
  }

  @Test(
    "The name of the file decides its kind",
    arguments: [
      (["--out", "new.safetensors"], "new.safetensors"), (["--out", "new.SAFETENSORS", "--half"], "new.SAFETENSORS"),
      (["--out", "new.onnx", "--normalized"], "new.onnx"), (["--out", "new.onnx", "--format", "onnx"], "new.onnx"),
      ([], "weights.onnx"),
      (["--format", "safetensors", "--force", "--out", "other.safetensors"], "other.safetensors"),
    ])
  func nameDecides(_ options: [String], file: String) throws {
    let result = try export(options)
    #expect(result.exitCode == 0 && result.output == file + "\n", "\(result.errorOutput)")
    let url = URL(filePath: "\(folder.path)/\(file)")
    if file.hasSuffix(".onnx") {
      // The version of ONNX is the first field.
      #expect(try Data(contentsOf: url).first == 8)
    } else {
      #expect(try Checkpoint(reading: url).configuration == Checkpoint(reading: URL(filePath: weights)).configuration)
    }
  }

  @Test(
    "Other names and contradictory options are refused",
    arguments: [
      (["--out", "new.pt"], "give it a name in .onnx or .safetensors"), (["--out", "new"], "new: only ONNX"),
      (["--out", "new.pt", "--format", "onnx"], "new.pt: only ONNX"),
      (["--out", "new.safetensors", "--format", "onnx"], "--format onnx"),
      (["--out", "new.onnx", "--format", "safetensors"], "--format safetensors"),
      (["--out", "new.onnx", "--half"], "--half"), (["--out", "new.safetensors", "--normalized"], "--normalized"),
      (["--half"], "--half"), (["--out", ""], "--out"),
    ])
  func refused(_ options: [String], named: String) throws {
    let result = try export(options)
    #expect(result.exitCode == 64 && result.errorLines.count == 1, "\(result.errorOutput)")
    #expect(result.errorOutput.contains(named), "\(result.errorOutput)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["weights.safetensors"])
  }
}
