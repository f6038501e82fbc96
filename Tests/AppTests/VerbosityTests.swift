import Foundation
import Imaging
import TestSupport
import Testing

/// Remarks, warnings and errors on standard error.
@Suite("Verbosity")
struct VerbosityTests {
  let folder: TemporaryFolder
  let picture: String

  init() throws {
    folder = try TemporaryFolder()
    picture = folder.path + "/picture.png"
    try RGBImage(width: 16, height: 16, color: .white).writePNG(to: picture)
    try UntrainedWeights.write(to: folder.path + "/weights.safetensors")
  }

  private func colorize(_ options: String...) throws -> RecolorProcess.Result {
    try RecolorProcess(["colorize", folder.path + "/weights.safetensors", picture] + options).wait()
  }

  @Test("The device, and how long the parts of a picture took, are said by --verbose alone")
  func detailsOfColoring() throws {
    let usual = try colorize("--out", folder.path + "/a.png")
    #expect(usual.exitCode == 0 && usual.errorOutput.isEmpty, "\(usual.errorOutput)")
    let verbose = try colorize("--out", folder.path + "/b.png", "--verbose", "--device", "cpu")
    #expect(verbose.exitCode == 0 && verbose.errorOutput.hasPrefix("recolor: computing on cpu: "))
    #expect(verbose.errorLines.count == 2)
    let parts =
      "read and decoded in [0-9.]+ s, colors predicted in [0-9.]+ s, colored, encoded and written in [0-9.]+ s"
    let times = try Regex("picture\\.png: \(parts); [0-9.]+ s a megapixel$")
    #expect(verbose.errorLines.last?.contains(times) == true, "\(verbose.errorOutput)")
    let raw = try colorize("--out", folder.path + "/c.png", "--verbose", "--device", "cpu", "--raw")
    #expect(raw.errorLines.last?.contains(" s, predicted and written in ") == true, "\(raw.errorOutput)")
  }

  @Test("Training and measuring speed say once which device auto takes")
  func deviceOfBench() throws {
    // Without OpenCL, auto takes the processor.
    let result = try RecolorProcess(
      ["bench", "unet", "--width", "4", "--batch-size", "2", "--steps", "1", "--warm-up", "0"],
      environment: ["OCL_ICD_VENDORS": folder.path]
    ).wait()
    #expect(result.exitCode == 0)
    let lines = result.errorLines.filter { $0.contains("using the processor: ") }
    #expect(lines.count == 1 && result.errorLines.count == 1, "\(result.errorOutput)")
  }

  @Test("Quiet commands write no remarks, but warnings and errors")
  func quiet() throws {
    let train = [
      "train", "unet", "--device", "cpu", "--width", "4", "--steps", "1", "--batch-size", "4", "--train-images", "4",
      "--validation-images", "2", "--data",
    ]
    let usual = try RecolorProcess(train + ["scenes", "--out", folder.path + "/usual"]).wait()
    #expect(usual.exitCode == 0 && usual.errorOutput.hasPrefix("recolor: "), "\(usual.errorOutput)")
    let quiet = try RecolorProcess(train + ["scenes", "--out", folder.path + "/quiet", "-q"]).wait()
    #expect(quiet.exitCode == 0 && quiet.errorOutput.isEmpty && !quiet.output.isEmpty, "\(quiet.errorOutput)")

    let photographs = folder.path + "/photographs"
    try FileManager.default.createDirectory(atPath: photographs, withIntermediateDirectories: true)
    try RGBImage(width: 16, height: 16, color: RGBColor(red: 200, green: 90, blue: 20))
      .writePNG(to: photographs + "/a.png")
    try Data([1]).write(to: URL(filePath: photographs + "/broken.png"))
    let warned = try RecolorProcess(["data", "info", photographs, "--quiet"]).wait()
    #expect(warned.exitCode == 0 && !warned.errorLines.isEmpty)
    #expect(warned.errorLines.allSatisfy { $0.hasPrefix("recolor: warning: ") }, "\(warned.errorOutput)")
    let failed = try RecolorProcess(["evaluate", "nothing", "--data", "scenes", "--quiet"]).wait()
    #expect(failed.exitCode == 1 && failed.errorOutput.hasPrefix("recolor: error: nothing: "))
    let both = try RecolorProcess(["devices", "-q", "-v"]).wait()
    #expect(both.exitCode == 64 && both.errorOutput.contains("--verbose: contradicts --quiet"))
  }

  @Test("Terminals show the kind of a message in color, unless the environment forbids it")
  func colors() throws {
    func error(_ environment: [String: String]) throws -> String {
      let terminal = try PseudoTerminal()
      let usual = ["TERM": "xterm", "NO_COLOR": ""]
      let command = try RecolorProcess(
        ["evaluate", "nothing", "--data", "scenes"], environment: usual.merging(environment) { $1 },
        errorOutput: terminal.device)
      #expect(try command.wait().exitCode == 1)
      return terminal.output()
    }
    #expect(try error([:]).hasPrefix("recolor: \u{1B}[1;31merror:\u{1B}[0m nothing: "))
    for environment in [["NO_COLOR": "1"], ["TERM": "dumb"]] {
      #expect(try error(environment).hasPrefix("recolor: error: nothing: "))
    }
  }
}
