import Foundation
import TestSupport
import Testing

/// The same mistake ends every command with the same code, in one line.
@Suite("Exit codes")
struct ExitCodeTests {
  let folder: TemporaryFolder
  let file: String

  init() throws {
    folder = try TemporaryFolder()
    file = folder.path + "/file.txt"
    try "text".write(toFile: file, atomically: true, encoding: .utf8)
    try UntrainedWeights.write(to: folder.path + "/weights.safetensors")
  }

  private func expect(
    _ code: Int32, _ arguments: [String], naming name: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let result = try RecolorProcess(arguments, directory: folder.path).wait()
    #expect(result.exitCode == code, "\(arguments): \(result.errorOutput)", sourceLocation: sourceLocation)
    #expect(result.errorLines.count == 1, "\(arguments): \(result.errorOutput)", sourceLocation: sourceLocation)
    #expect(result.errorOutput.contains(name), "\(arguments): \(result.errorOutput)", sourceLocation: sourceLocation)
  }

  @Test("A path that is not there")
  func missing() throws {
    for arguments in [
      ["evaluate", "none", "--data", "scenes"], ["evaluate", "weights.safetensors", "--data", "none"],
      ["compare", "none", "--data", "scenes", "--out", "new"], ["export", "none"], ["colorize", "none"],
      ["colorize", "none", "a.png"], ["colorize", "a.png", "--weights", "none"], ["data", "info", "none"],
      ["train", "unet", "--out", "new", "--init", "none", "--device", "cpu"],
      ["train", "unet", "--out", "new", "--data", "none", "--device", "cpu"], ["train", "unet", "--resume", "none"],
      ["train", "unet", "--out", "new", "--config", "none"],
      ["evaluate", "weights.safetensors", "--data", "scenes", "--predictions", "none/a"],
      ["data", "info", "scenes", "--sheet", "none/a.png"],
      ["export", "weights.safetensors", "--out", "none/a.onnx"],
    ] { try expect(1, arguments, naming: "none") }
  }

  @Test("A file where a folder is needed, and a file in the way")
  func inTheWay() throws {
    for arguments in [
      ["train", "unet", "--out", "file.txt", "--device", "cpu"], ["train", "unet", "--resume", "file.txt"],
      ["compare", "weights.safetensors", "--data", "scenes", "--out", "file.txt"],
      ["colorize", "a.png", "--out", "file.txt"], ["data", "info", "file.txt"],
      ["evaluate", "weights.safetensors", "--data", "scenes", "--predictions", "file.txt"],
      ["data", "info", "scenes", "--sheet", "file.txt"],
    ] { try expect(1, arguments, naming: "file.txt") }
    #expect(try String(contentsOfFile: file, encoding: .utf8) == "text")
  }

  @Test("A word that no files could make right")
  func wrongWords() throws {
    for (arguments, name) in [
      (["models", "builtin:none"], "builtin:none"), (["export", "builtin:none"], "builtin:none"),
      (["evaluate", "builtin:none", "--data", "scenes"], "builtin:none"),
      (["compare", "builtin:none", "--data", "scenes", "--out", "new"], "builtin:none"),
      (["colorize", "builtin:none", "a.png"], "builtin:none"),
      (["train", "unet", "--init", "builtin:none", "--out", "new"], "builtin:none"),
    ] { try expect(64, arguments, naming: name) }
  }

  @Test("An address in place of a file, which may hold a password, is not repeated")
  func addresses() throws {
    try expect(
      64, ["data", "fetch", "--from", "http://user:secret@127.0.0.1/a.tar.gz"], naming: "takes the archive's file;")
  }

  /// An unset variable of a shell makes an argument that would stand for the working folder.
  @Test("Empty arguments")
  func empty() throws {
    for (arguments, name) in [
      (["data", "info", ""], "argument 3: is empty"), (["colorize", ""], "argument 2: is empty"),
      (["train", "unet", "--data", "", "--out", "new"], "--data: is empty"),
      (["train", "unet", "--data=", "--out", "new"], "--data: is empty"),
      (["train", "unet", "--out", ""], "--out: is empty"), (["train", "unet", "--resume", ""], "--resume: is empty"),
      (["train", "unet", "--config", "", "--out", "new"], "--config: is empty"),
      (["evaluate", "weights.safetensors", "--data", ""], "--data: is empty"),
      (["export", "weights.safetensors", "--out", ""], "--out: is empty"),
      (["data", "fetch", "--out", ""], "--out: is empty"),
    ] { try expect(64, arguments, naming: name) }
  }
}
