import Foundation
import Imaging
import Models
import TestSupport
import Testing

/// Tiny models on the processor: trained, measured, resumed, exported, compared, and used to color.
@Suite("From training to comparison")
struct EndToEndTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private var run: String { folder.path + "/run" }

  /// Trains for a few steps on few small images.
  private func train(_ model: String, _ options: String...) throws -> RecolorProcess.Result {
    try RecolorProcess(trainArguments(model) + options).wait()
  }

  private func trainArguments(_ model: String) -> [String] {
    [
      "train", model, "--data", "scenes", "--out", run, "--device", "cpu", "--width", "4", "--batch-size", "8",
      "--train-images", "32", "--validation-images", "16",
    ]
  }

  private func json(_ result: RecolorProcess.Result) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
  }

  private func configuration() throws -> RunConfiguration {
    try RunDirectory(opening: URL(filePath: run)).readConfiguration()
  }

  @Test("Models are trained measured exported and used", arguments: ["unet", "gan"])
  func modelsAreTrainedMeasuredExportedAndUsed(_ model: String) throws {
    let trained = try train(model, "--epochs", "2")
    #expect(trained.exitCode == 0, "\(trained.errorOutput)")
    #expect(trained.output.contains("epoch 2/2"))
    let metrics = try String(contentsOfFile: run + "/metrics.csv", encoding: .utf8)
    #expect(metrics.split(separator: "\n").count == 3)
    let sample = try RGBImage(contentsOf: run + "/samples/epoch_002.png")
    #expect(sample.width > 3 * 32)
    #expect(try configuration().deviceDescription.contains("threads"))
    #expect(try configuration().precision == .float32)

    let evaluated = try RecolorProcess.run(
      "evaluate", run, "--data", "scenes", "--device", "cpu", "--images", "20", "--json")
    #expect(evaluated.exitCode == 0, "\(evaluated.errorOutput)")
    let report = try json(evaluated)
    #expect(report["images"] as? Int == 20)
    let gray = try #require(report["grayCopy"] as? [String: Any])
    let truth = try #require(report["truth"] as? [String: Any])
    for key in [
      "mse", "psnr", "psnrPerImage", "mae", "ssim", "accuracyWithin2", "accuracyWithin5", "deltaE", "colorfulness",
    ] {
      let values = [report, gray, truth].compactMap { $0[key] as? Double }
      #expect(values.count == 3 && values.allSatisfy(\.isFinite), "\(key)")
    }
    #expect(gray["colorfulness"] as? Double == 0)
    #expect(truth["mse"] as? Double == 0)
    let mse = try #require(report["mse"] as? Double)
    #expect(mse > 0)

    let onnx = folder.path + "/model.onnx"
    let exported = try RecolorProcess.run("export", run, "--out", onnx)
    #expect(exported.exitCode == 0, "\(exported.errorOutput)")
    #expect(exported.output == onnx + "\n")
    let kept = try RecolorProcess.run("export", run, "--out", onnx)
    #expect(kept.exitCode == 1 && kept.errorOutput.contains("--force"))
    #expect(try RecolorProcess.run("export", run, "--out", onnx, "--force").exitCode == 0)

    let picture = RGBImage(width: 50, height: 37, color: RGBColor(red: 90, green: 120, blue: 200))
    try picture.writePNG(to: folder.path + "/picture.png")
    let colored = try RecolorProcess.run(
      "colorize", run, folder.path + "/picture.png", "--out", folder.path + "/colored", "--device", "cpu")
    #expect(colored.exitCode == 0, "\(colored.errorOutput)")
    let result = try RGBImage(contentsOf: folder.path + "/colored/picture.png")
    #expect(result.width == 50 && result.height == 37)

    let compared = try RecolorProcess.run(
      "compare", run, run + "/checkpoints/last.safetensors", "--data", "scenes", "--images", "20", "--rows", "3",
      "--out",
      folder.path + "/comparison", "--device", "cpu", "--json")
    #expect(compared.exitCode == 0, "\(compared.errorOutput)")
    let models = try #require(try json(compared)["models"] as? [[String: Any]])
    let best = try #require(models[0]["metrics"] as? [String: Any])
    #expect(best["mse"] as? Double == mse)
    let sheet = try RGBImage(contentsOf: folder.path + "/comparison/comparison.png")
    #expect(sheet.width > 4 * 128 && sheet.height > 3 * 128)
  }

  @Test("Stopped runs are resumed to the same weights", arguments: ["unet", "gan"])
  func stoppedRunsAreResumedToTheSameWeights(_ model: String) throws {
    let stopped = try RecolorProcess(trainArguments(model) + ["--epochs", "1000"])
    while stopped.isRunning, !FileManager.default.fileExists(atPath: run + "/config.json") { usleep(1000) }
    stopped.send(signal: SIGTERM)
    let result = try stopped.wait()
    #expect(result.exitCode == 143, "\(result.errorOutput)")
    #expect(result.errorOutput.contains("recolor train \(model) --resume \(run)"))

    // The step at which the signal arrives varies, so the end of the run is set a few steps after it.
    let last = run + "/checkpoints/last.safetensors"
    let step = try #require(try Checkpoint(reading: URL(filePath: last)).metadata["step"].flatMap { Int($0) })
    var configuration = try configuration()
    configuration.steps = step + 6
    try JSONEncoder().encode(configuration).write(to: URL(filePath: run + "/config.json"))
    let resumed = try RecolorProcess.run("train", model, "--resume", run)
    #expect(resumed.exitCode == 0, "\(resumed.errorOutput)")
    let found = try Data(contentsOf: URL(filePath: last))

    try FileManager.default.removeItem(atPath: run)
    let whole = try train(model, "--epochs", "1000", "--steps", "\(step + 6)")
    #expect(whole.exitCode == 0, "\(whole.errorOutput)")
    #expect(try Data(contentsOf: URL(filePath: last)) == found)
  }

  @Test("Interrupted runs end with 130")
  func interruptedRunsEndWith130() throws {
    let stopped = try RecolorProcess(trainArguments("unet") + ["--epochs", "1000"])
    while stopped.isRunning, !FileManager.default.fileExists(atPath: run + "/samples/epoch_001.png") { usleep(1000) }
    stopped.send(signal: SIGINT)
    #expect(try stopped.wait().exitCode == 130)
  }

  @Test("Runs end at the step limit")
  func runsEndAtTheStepLimit() throws {
    #expect(try train("unet", "--steps", "3").exitCode == 0)
    let weights = try Checkpoint(reading: URL(filePath: run + "/checkpoints/last.safetensors"))
    #expect(weights.metadata["step"] == "3")
  }

  @Test("Runs are resumed in their precision")
  func runsAreResumedInTheirPrecision() throws {
    #expect(try train("unet", "--steps", "2").exitCode == 0)
    let path = run + "/config.json"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let parts = text.split(separator: "\"fp32\"", omittingEmptySubsequences: false)
    try #require(parts.count == 2)
    // As if the run had begun on a device with tensor cores.
    try parts.joined(separator: "\"tf32\"").write(toFile: path, atomically: true, encoding: .utf8)
    let refused = try RecolorProcess.run("train", "unet", "--resume", run)
    #expect(refused.exitCode == 1)
    #expect(refused.errorLines.count == 1)
    for part in [run, "tf32", "config.json"] { #expect(refused.errorOutput.contains(part)) }
    // A run of a version without precisions.
    let lines = text.split(separator: "\n").filter { !$0.contains("\"precision\"") }
    try lines.joined(separator: "\n").replacingOccurrences(of: "\"steps\" : 2", with: "\"steps\" : 3")
      .write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try configuration().precision == nil)
    let resumed = try RecolorProcess.run("train", "unet", "--resume", run)
    #expect(resumed.exitCode == 0, "\(resumed.errorOutput)")
  }
}
