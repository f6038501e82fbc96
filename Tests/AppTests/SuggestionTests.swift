import Foundation
import Imaging
import TestSupport
import Testing

@testable import App

/// Words that the command does not know, and files of another kind than is needed: messages name what was meant.
@Suite("Suggestions")
struct SuggestionTests {
  @Test(
    "The nearest word is the one that was meant",
    arguments: [
      ("colorise", "colorize"), ("trian", "train"), ("eval", "evaluate"), ("lr", "learning-rate"),
      ("learning_rate", "learning-rate"), ("batch", "batch-size"), ("output", "out"), ("epoch", "epochs"),
      ("dataset", "data"), ("nope", nil), ("x", nil),
    ] as [(String, String?)])
  func nearestWord(_ word: String, _ meant: String?) {
    let words = [
      "learning-rate-decay", "learning-rate", "batch-size", "epochs", "out", "data", "colorize", "train", "evaluate",
    ]
    #expect(word.nearest(in: words) == meant)
  }

  /// Command lines, each with a text that the message must contain, and the command whose help it names.
  static let unknownWords: [([String], String, String)] = [
    (["colorise", "old.jpg"], "unknown command \"colorise\"; did you mean \"colorize\"?", "recolor"),
    (["trian", "unet"], "unknown command \"trian\"; did you mean \"train\"?", "recolor"),
    (["fetch"], "did you mean \"data fetch\"?", "recolor"),
    (["help", "nope"], "unknown command \"nope\"; there is devices, check", "recolor"),
    (["help", "colorise"], "did you mean \"colorize\"?", "recolor"),
    (["help", "data", "fech"], "did you mean \"fetch\"?", "recolor data"),
    (["data", "fech"], "did you mean \"fetch\"?", "recolor data"),
    (["old.jpg"], "did you mean \"recolor colorize old.jpg\"?", "recolor"),
    (
      ["train", "unet", "--out", "x", "--lr", "1"], "unknown option --lr; did you mean --learning-rate?",
      "recolor train"
    ),
    (["train", "unet", "--lr=1"], "unknown option --lr; did you mean --learning-rate?", "recolor train"),
    (["evaluate", "x", "--dataset", "y"], "unknown option --dataset; did you mean --data?", "recolor evaluate"),
    (["data", "info", "--sheets", "y"], "unknown option --sheets; did you mean --sheet?", "recolor data info"),
  ]

  @Test("Unknown words name the nearest one and the command's help", arguments: unknownWords)
  func unknownWordsNameTheNearest(_ arguments: [String], _ message: String, _ command: String) throws {
    let result = try RecolorProcess(arguments).wait()
    #expect(result.exitCode == 64 && result.output.isEmpty)
    #expect(result.errorLines.count == 1 && result.errorOutput.contains(message), "\(result.errorOutput)")
    #expect(result.errorOutput.hasSuffix(" See '\(command) --help' for more information.\n"), "\(result.errorOutput)")
  }

  @Test("Values are no options")
  func valuesAreNoOptions() throws {
    let result = try RecolorProcess.run("train", "unet", "--epochs", "--lr", "--out", "x")
    #expect(result.exitCode == 64 && result.errorOutput.contains("'--lr' is invalid for '--epochs"))
  }

  @Test("Keys of files are suggested as options are")
  func keysOfFiles() throws {
    let folder = try TemporaryFolder()
    try "model: unet\nlr: 0.1\n".write(toFile: folder.path + "/a.yaml", atomically: true, encoding: .utf8)
    let result = try RecolorProcess.run("train", "--config", folder.path + "/a.yaml", "--out", folder.path + "/run")
    #expect(result.exitCode == 64 && result.errorOutput.contains("\"lr\"; did you mean \"learning-rate\"?"))
  }

  /// Makes a folder with the runs `first` and `second`, by the names of their files.
  private func makeRuns(in folder: String) throws {
    for name in ["first", "second"] {
      let checkpoints = "\(folder)/\(name)/checkpoints"
      try FileManager.default.createDirectory(atPath: checkpoints, withIntermediateDirectories: true)
      try UntrainedWeights.write(to: checkpoints + "/best.safetensors")
      try FileManager.default.copyItem(
        atPath: checkpoints + "/best.safetensors", toPath: checkpoints + "/last.state.safetensors")
      try "{}".write(toFile: "\(folder)/\(name)/config.json", atomically: true, encoding: .utf8)
      try "epoch\n".write(toFile: "\(folder)/\(name)/metrics.csv", atomically: true, encoding: .utf8)
    }
  }

  @Test("What is given in place of weights is named, with the run that was meant")
  func inPlaceOfWeights() throws {
    let folder = try TemporaryFolder()
    let path = folder.path
    try makeRuns(in: path)
    try Data([8, 8, 18, 7]).write(to: URL(filePath: path + "/model.onnx"))
    try Data("PK\u{3}\u{4}\u{0}\u{0}\u{8}\u{8}".utf8).write(to: URL(filePath: path + "/model.pt"))
    for (given, message) in [
      ("", "it holds the runs first and second; name one of them, such as \(path)/first"),
      ("/first/config.json", "is a run's configuration, not a model; name the run, \(path)/first"),
      ("/first/metrics.csv", "is a file of a run, not its weights; name the run, \(path)/first"),
      ("/first/checkpoints", "name the run: \(path)/first"),
      ("/first/checkpoints/last.state.safetensors", "is a run's state, not a model; name the run, \(path)/first"),
      ("/model.onnx", "is an ONNX file"), ("/model.pt", "is a file of PyTorch or an archive"),
    ] {
      let result = try RecolorProcess.run("export", path + given, "--out", path + "/out.onnx")
      #expect(result.exitCode == 1 && result.errorLines.count == 1, "\(result.errorOutput)")
      #expect(result.errorOutput.hasPrefix("recolor: error: \(path)\(given): "), "\(result.errorOutput)")
      #expect(result.errorOutput.contains(message), "\(result.errorOutput)")
    }
    #expect(!FileManager.default.fileExists(atPath: path + "/out.onnx"))
    let built = try RecolorProcess.run("export", "photo")
    #expect(built.exitCode == 1 && built.errorOutput.contains("did you mean builtin:photo?"))
  }

  @Test("Weights whose first bytes are those of another format are read")
  func weightsThatBeginLikeAPickle() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/weights.safetensors"
    // A header of 0x0280 bytes, which no model has.
    try Data([0x80, 2, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)).write(to: URL(filePath: path))
    let result = try RecolorProcess.run("export", path, "--out", folder.path + "/out.onnx")
    #expect(result.exitCode == 1 && !result.errorOutput.contains("PyTorch"), "\(result.errorOutput)")
  }

  @Test("Pictures before the model, and folders of runs, are named with the right line")
  func orderOfColorize() throws {
    let folder = try TemporaryFolder()
    try makeRuns(in: folder.path)
    let picture = folder.path + "/cat.png"
    try RGBImage(width: 16, height: 16, color: .white).writePNG(to: picture)
    let run = folder.path + "/first"
    let swapped = try RecolorProcess.run("colorize", picture, run)
    #expect(swapped.exitCode == 64 && swapped.errorLines.count == 1)
    #expect(swapped.errorOutput.contains("recolor colorize \(run) \(picture)"), "\(swapped.errorOutput)")
    let runs = folder.path + "/runs"
    try makeRuns(in: runs)
    let parent = try RecolorProcess.run("colorize", runs, picture)
    #expect(parent.errorOutput.contains("it holds the runs first and second"), "\(parent.errorOutput)")
  }

  @Test("Runs are named where their parts or folders are given, and are no photographs")
  func runsByTheirParts() throws {
    let folder = try TemporaryFolder()
    try makeRuns(in: folder.path)
    let run = folder.path + "/first"
    for (given, message) in [
      (folder.path, "is no run; it holds the runs first and second"),
      (run + "/checkpoints/best.safetensors", "is a part of a run; name the run: --resume \(run)"),
    ] {
      let result = try RecolorProcess.run("train", "unet", "--resume", given)
      #expect(result.exitCode == 1 && result.errorLines.count == 1)
      #expect(result.errorOutput.contains(message), "\(result.errorOutput)")
    }
    let data = try RecolorProcess.run("data", "info", run)
    #expect(data.exitCode == 1 && data.errorOutput.contains("it is a run; --data takes"), "\(data.errorOutput)")
  }
}
