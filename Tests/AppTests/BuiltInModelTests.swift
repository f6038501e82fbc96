import Foundation
import Imaging
import Models
import TestSupport
import Testing

/// The built-in model on the command line, and the division of `colorize`'s arguments into a model and pictures.
@Suite("Built-in models")
struct BuiltInModelTests {
  private let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path + "/album", withIntermediateDirectories: true)
    for name in ["old.png", "new.png", "album/a.png"] {
      try RGBImage(width: 40, height: 24, color: RGBColor(red: 90, green: 110, blue: 130))
        .writePNG(to: "\(folder.path)/\(name)")
    }
  }

  private func colorize(_ arguments: String...) throws -> RecolorProcess.Result {
    try RecolorProcess(["colorize"] + arguments + ["--device", "cpu"]).wait()
  }

  @Test("A picture alone is colored beside itself, and no file is replaced")
  func pictureAlone() throws {
    let result = try colorize(folder.path + "/old.png")
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    #expect(result.output == folder.path + "/old-colored.png\n" && result.errorOutput.isEmpty)
    let colored = try Data(contentsOf: URL(filePath: folder.path + "/old-colored.png"))
    #expect(try RGBImage(contentsOf: folder.path + "/old-colored.png").width == 40)
    let again = try colorize(folder.path + "/old.png")
    #expect(again.exitCode == 1 && again.errorLines.count == 1 && again.errorOutput.contains("--force"))
    #expect(try Data(contentsOf: URL(filePath: folder.path + "/old-colored.png")) == colored)
  }

  @Test("The pictures of a folder are colored into a folder beside it")
  func folderAlone() throws {
    let result = try colorize(folder.path + "/album/", "--format", "jpeg")
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    #expect(try RGBImage(contentsOf: folder.path + "/album-colored/a.jpg").height == 24)
  }

  @Test("A folder of pictures that holds a config.json is no model")
  func folderWithAConfiguration() throws {
    try Data("{}".utf8).write(to: URL(filePath: folder.path + "/album/config.json"))
    let result = try colorize(folder.path + "/album", folder.path + "/old.png", "--out", folder.path + "/out")
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    #expect(result.output == "\(folder.path)/out/a.png\n\(folder.path)/out/old.png\n")
  }

  @Test("Several pictures without a model are all colored, with a line that says so")
  func severalPictures() throws {
    let result = try colorize(folder.path + "/old.png", folder.path + "/new.png")
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    #expect(
      result.errorOutput == "recolor: coloring with builtin:photo; another model is named first or by --weights\n")
    #expect(result.output.contains("old-colored.png") && result.output.contains("new-colored.png"))
  }

  @Test("A model is named by the first argument or by an option")
  func namedModel() throws {
    let weights = folder.path + "/weights.safetensors"
    try UntrainedWeights.write(to: weights)
    let picture = folder.path + "/old.png"
    let files = ["first.png", "option.png", "standard.png", "name.png"].map { "\(folder.path)/\($0)" }
    #expect(try colorize(weights, picture, "--out", files[0]).exitCode == 0)
    #expect(try colorize(picture, "--weights", weights, "--out", files[1]).exitCode == 0)
    #expect(try colorize(picture, "--out", files[2]).exitCode == 0)
    #expect(try colorize("builtin:photo", picture, "--out", files[3]).exitCode == 0)
    let pictures = try files.map { try Data(contentsOf: URL(filePath: $0)) }
    #expect(pictures[0] == pictures[1] && pictures[2] == pictures[3] && pictures[0] != pictures[2])
  }

  @Test("Arguments that cannot be divided are refused in one line")
  func refusedArguments() throws {
    let picture = folder.path + "/old.png"
    let weights = folder.path + "/weights.safetensors"
    try UntrainedWeights.write(to: weights)
    for name in ["empty", "run/checkpoints"] {
      try FileManager.default.createDirectory(atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
    }
    try FileManager.default.copyItem(atPath: weights, toPath: folder.path + "/run/checkpoints/best.safetensors")
    for (arguments, code, named) in [
      ([folder.path + "/nothing", picture], 1, "nothing: no such model or picture"),
      (["builtin:photo"], 64, "name a picture"),
      (["builtin:paint", picture], 64, "builtin:photo"),
      (["-"], 64, "--out is missing"),
      ([folder.path + "/empty", picture], 1, "/empty: holds neither pictures nor a run's weights"),
      ([folder.path + "/run/checkpoints", picture], 1, "/checkpoints: holds neither pictures nor a run's weights"),
      ([picture, "builtin:photo"], 64, "builtin:photo: is a model; a model comes before the pictures"),
      ([picture, folder.path + "/run"], 64, "/run: is a model"),
      ([weights, picture, weights], 64, "weights.safetensors: is a model"),
      (["builtin:photo", picture, "--weights", weights], 64, "builtin:photo: is a model"),
      ([folder.path + "/nothing.png"], 1, "nothing.png"),
    ] {
      let result = try RecolorProcess(["colorize"] + arguments + ["--device", "cpu"]).wait()
      #expect(result.exitCode == code && result.errorLines.count == 1, "\(result.errorOutput)")
      #expect(result.errorOutput.contains(named), "\(result.errorOutput)")
    }
  }

  @Test("Models are listed with the built-in ones, and each has a card")
  func listed() throws {
    let list = try RecolorProcess.run("models", "--device", "cpu")
    #expect(list.exitCode == 0 && list.output.hasPrefix("Built in:\n  builtin:photo: "))
    #expect(list.output.contains("recolor models builtin:photo shows its card"))
    let card = try RecolorProcess.run("models", "builtin:photo")
    #expect(card.exitCode == 0 && card.output == BuiltInModel.photo.card + (card.output.hasSuffix("\n\n") ? "\n" : ""))
    let json = try RecolorProcess.run("models", "--json", "--device", "cpu")
    let report = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
    #expect((report?["builtIn"] as? [[String: Any]])?.first?["name"] as? String == "builtin:photo")
  }

  @Test("An exported built-in model colors as it does, in float32 and in float16")
  func exported() throws {
    let picture = folder.path + "/old.png"
    #expect(try colorize(picture).exitCode == 0)
    let colored = try Data(contentsOf: URL(filePath: folder.path + "/old-colored.png"))
    for (name, options) in [("single", []), ("half", ["--half"])] {
      let file = "\(folder.path)/\(name).safetensors"
      let export = try RecolorProcess(
        ["export", "builtin:photo", "--format", "safetensors", "--out", file] + options
      ).wait()
      #expect(export.exitCode == 0 && export.output == file + "\n", "\(export.errorOutput)")
      let out = "\(folder.path)/\(name).png"
      #expect(try colorize(file, picture, "--out", out).exitCode == 0)
      #expect(try Data(contentsOf: URL(filePath: out)) == colored)
    }
    let half = try Data(contentsOf: URL(filePath: folder.path + "/half.safetensors"))
    #expect(half.count == BuiltInModel.photo.weights.count)
  }
}
