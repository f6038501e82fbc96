import Foundation
import Glibc
import Imaging
import Models
import TestSupport
import Testing

/// Errors are one line each, and following their advice does not lead to another error.
@Suite("Advice")
struct AdviceTests {
  let folder: TemporaryFolder
  let pictures: String

  init() throws {
    folder = try TemporaryFolder()
    pictures = folder.path + "/pictures"
    try FileManager.default.createDirectory(atPath: pictures, withIntermediateDirectories: true)
    for name in ["a", "b", "c"] {
      try RGBImage(width: 16, height: 16, color: .white).writePNG(to: "\(pictures)/\(name).png")
    }
    try "text".write(toFile: folder.path + "/file.txt", atomically: true, encoding: .utf8)
    try UntrainedWeights.write(to: folder.path + "/weights.safetensors")
  }

  private func run(_ arguments: String...) throws -> RecolorProcess.Result {
    try RecolorProcess(arguments, directory: folder.path).wait()
  }

  @Test("A place that cannot be written is one error, not one for each picture")
  func oneErrorForOnePlace() throws {
    let before = try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
    for out in ["file.txt", "file.txt/out", "file.txt/out/"] {
      let result = try run("colorize", "weights.safetensors", "pictures", "--out", out, "--device", "cpu")
      #expect(result.exitCode == 1 && result.errorLines.count == 1, "\(result.errorOutput)")
      #expect(result.errorOutput.contains("file.txt"), "\(result.errorOutput)")
    }
    for command in [
      ["train", "unet", "--out", "file.txt/run", "--width", "4", "--device", "cpu"],
      ["colorize", "weights.safetensors", "pictures/a.png", "--out", "file.txt/a.png", "--device", "cpu"],
      ["compare", "weights.safetensors", "--data", "scenes", "--out", "file.txt/page"],
      ["data", "fetch", "--out", "file.txt/data", "--url", "http://127.0.0.1:9/a.tar.gz"],
    ] {
      let result = try RecolorProcess(command, directory: folder.path).wait()
      #expect(result.exitCode == 1 && result.errorLines.count == 1, "\(result.errorOutput)")
      #expect(result.errorOutput.contains("file.txt is no folder"), "\(result.errorOutput)")
    }
    #expect(try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() == before)
  }

  @Test("A file in place of the folder beside pictures is one error")
  func fileBesidePictures() throws {
    try "text".write(toFile: folder.path + "/pictures-colored", atomically: true, encoding: .utf8)
    let result = try run("colorize", "weights.safetensors", "pictures", "--device", "cpu")
    #expect(result.exitCode == 1 && result.errorLines.count == 1, "\(result.errorOutput)")
    #expect(result.errorOutput.contains("pictures-colored is no folder"), "\(result.errorOutput)")
  }

  @Test("Advice about the quality is about the name where the name decides the format")
  func qualityOfANamedFile() throws {
    let colorize = ["colorize", "weights.safetensors", "pictures/a.png", "--quality", "80", "--device", "cpu", "--out"]
    let png = try RecolorProcess(colorize + ["new.png"], directory: folder.path).wait()
    #expect(png.exitCode == 64 && png.errorLines.count == 1)
    #expect(png.errorOutput.contains("new.png is the name of a PNG file; give it a name in .jpg, .jpeg or .webp."))
    #expect(try RecolorProcess(colorize + ["new.jpg"], directory: folder.path).wait().exitCode == 0)
    let inFolder = try RecolorProcess(colorize + ["new"], directory: folder.path).wait()
    #expect(inFolder.exitCode == 64 && inFolder.errorOutput.contains("--format jpeg or --format webp writes them."))
    let jpeg = try RecolorProcess(colorize + ["new", "--format", "jpeg"], directory: folder.path).wait()
    #expect(jpeg.exitCode == 0, "\(jpeg.errorOutput)")
  }

  @Test("Advice about exported files is about the name where the name decides the kind")
  func kindOfANamedFile() throws {
    for (name, option, kind) in [("new.onnx", "--half", "safetensors"), ("new.safetensors", "--normalized", "onnx")] {
      let refused = try run("export", "weights.safetensors", "--out", name, option)
      #expect(refused.exitCode == 64 && refused.errorOutput.contains("give it a name in .\(kind)."))
      #expect(try run("export", "weights.safetensors", "--out", "right.\(kind)", option).exitCode == 0)
    }
  }

  /// `compare` has no option for what the files of several models may not say.
  @Test("Advice names no option that the command does not have")
  func weightsThatDoNotSayTheirModel() throws {
    let path = folder.path + "/bare.safetensors"
    try Data([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)).write(to: URL(filePath: path))
    let compared = try run("compare", path, "--data", "scenes", "--out", "page")
    #expect(compared.exitCode == 1 && compared.errorLines.count == 1)
    #expect(compared.errorOutput.contains("recolor export \(path) --model"), "\(compared.errorOutput)")
    let evaluated = try run("evaluate", path, "--data", "scenes")
    #expect(evaluated.exitCode == 1 && evaluated.errorOutput.contains("say it with --model"))
  }

  @Test("Room is asked for only where it is missing", arguments: [ENOSPC, EDQUOT, EFBIG, EACCES, ENOENT, EROFS, EIO])
  func room(code: Int32) {
    let reason = "runs/a/metrics.csv: cannot be written: " + String(cString: strerror(code))
    let text = RunError.notSaved(reason: reason, run: "runs/a", step: 7).description
    #expect(text.contains("make room for it") == [ENOSPC, EDQUOT, EFBIG].contains(code))
    #expect(text.hasSuffix("and go on by --resume runs/a"))
  }
}
