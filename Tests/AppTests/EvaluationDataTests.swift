import Foundation
import Imaging
import TestSupport
import Testing

/// The photographs of a folder that `evaluate` and `compare` measure on.
@Suite("Images of evaluations")
struct EvaluationDataTests {
  let folder: TemporaryFolder
  private let photographs: String

  init() throws {
    folder = try TemporaryFolder()
    photographs = folder.path + "/photographs"
    try write(20, to: photographs)
  }

  private var environment: [String: String] { ["RECOLOR_CACHE": folder.path + "/cache"] }

  private func write(_ count: Int, to folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for number in 0..<count {
      try RGBImage.colorful(width: 32, height: 32, level: UInt8(10 * number)).writePNG(to: "\(folder)/\(number).png")
    }
  }

  /// Trains for one step. Returns the run.
  private func train(_ name: String, _ options: String..., on data: String) throws -> String {
    let run = folder.path + "/" + name
    let result = try RecolorProcess(
      [
        "train", "unet", "--data", data, "--out", run, "--device", "cpu", "--width", "4", "--batch-size", "4",
        "--steps", "1",
      ] + options, environment: environment
    ).wait()
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    return run
  }

  /// Returns the number of images that were measured on, and the remarks.
  private func evaluate(_ run: String, _ options: String..., on data: String) throws -> (images: Int, remarks: String) {
    let result = try RecolorProcess(
      ["evaluate", run, "--data", data, "--device", "cpu", "--json"] + options, environment: environment
    ).wait()
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    let report = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    return (try #require(report["images"] as? Int), result.errorOutput)
  }

  @Test("Images that were trained on are not measured")
  func imagesThatWereTrainedOnAreNotMeasured() throws {
    let run = try train("one", "--validation-images", "8", on: photographs)
    let test = try evaluate(run, on: photographs)
    #expect(test.images == 8)
    #expect(test.remarks.contains("8 of its 20 images"))
    #expect(try evaluate(run, "--split", "validation", on: photographs).images == 8)
    #expect(try evaluate(run, "--split", "train", on: photographs).images == 12)
  }

  @Test("Comparisons are on images that no run was trained on")
  func comparisonsAreOnImagesThatNoRunWasTrainedOn() throws {
    let few = try train("few", "--train-images", "8", on: photographs)
    let more = try train("more", "--train-images", "13", on: photographs)
    let compared = try RecolorProcess.run(
      "compare", few, more, "--data", photographs, "--out", folder.path + "/comparison", "--device", "cpu", "--json",
      environment: environment)
    #expect(compared.exitCode == 0, "\(compared.errorOutput)")
    let report = try #require(try JSONSerialization.jsonObject(with: Data(compared.output.utf8)) as? [String: Any])
    #expect((report["truth"] as? [String: Any])?["images"] as? Int == 7)
    #expect(compared.errorOutput.contains("7 of its 20 images"))
  }

  @Test("Weights outside a run get a remark")
  func weightsOutsideARunGetARemark() throws {
    let run = try train("one", on: photographs)
    let weights = folder.path + "/weights.safetensors"
    try FileManager.default.copyItem(atPath: run + "/checkpoints/last.safetensors", toPath: weights)
    let test = try evaluate(weights, on: photographs)
    #expect(test.images == 20)
    #expect(test.remarks.contains(weights) && test.remarks.split(separator: "\n").count == 1)
    let validation = try evaluate(weights, "--split", "validation", on: photographs)
    #expect(validation.images == 4)
    #expect(validation.remarks.contains("is in no run"))
  }

  @Test("Folders with a test part are measured on it")
  func foldersWithATestPartAreMeasuredOnIt() throws {
    try write(12, to: folder.path + "/parts/train")
    try write(3, to: folder.path + "/parts/test")
    let run = try train("one", on: folder.path + "/parts")
    let test = try evaluate(run, on: folder.path + "/parts")
    #expect(test.images == 3)
    #expect(test.remarks.isEmpty)
  }

  @Test("A folder of validation images is validated on, and not trained on", arguments: [true, false])
  func aFolderOfValidationImagesIsValidatedOn(hasTestPart: Bool) throws {
    let parts = folder.path + "/parts"
    try write(12, to: parts + "/train")
    try write(5, to: parts + "/valid")
    if hasTestPart { try write(3, to: parts + "/test") }
    try write(2, to: parts + "/zoo")
    let out = folder.path + "/one"
    let trained = try RecolorProcess(
      [
        "train", "unet", "--data", parts, "--out", out, "--device", "cpu", "--width", "4", "--batch-size", "4",
        "--epochs", "1",
      ], environment: environment
    ).wait()
    #expect(trained.exitCode == 0, "\(trained.errorOutput)")
    #expect(trained.errorOutput.contains("training on train (12 photographs), validating on valid (5)"))
    #expect(trained.errorOutput.contains("test is left for evaluate and compare") == hasTestPart)
    #expect(try evaluate(out, "--split", "train", on: parts).images == 12)
    #expect(try evaluate(out, "--split", "validation", on: parts).images == 5)
    let test = try evaluate(out, on: parts)
    #expect(test.images == (hasTestPart ? 3 : 5))
    #expect(test.remarks.contains("has no folder test; measuring on valid") == !hasTestPart)
    try trainOneMoreEpoch(out)
    let info = try RecolorProcess.run("data", "info", parts, environment: environment)
    for part in ["train: 12 images", "valid: 5 images"] { #expect(info.output.contains(part), "\(info.output)") }
    #expect(info.output.contains("test: 3 images") == hasTestPart)
  }

  /// Resumes a run of one epoch for another.
  private func trainOneMoreEpoch(_ run: String) throws {
    let path = run + "/config.json"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let longer = text.replacingOccurrences(of: "\"epochs\" : 1", with: "\"epochs\" : 2")
    try #require(longer != text)
    try longer.write(toFile: path, atomically: true, encoding: .utf8)
    let resumed = try RecolorProcess.run("train", "unet", "--resume", run, environment: environment)
    #expect(resumed.exitCode == 0, "\(resumed.errorOutput)")
    #expect(try String(contentsOfFile: run + "/metrics.csv", encoding: .utf8).split(separator: "\n").count == 3)
  }

  @Test("A run that was trained on all images of a folder resumes though its folders have other meanings now")
  func aRunOnAllImagesResumes() throws {
    // As runs of versions without a record of the folders: none of these names had a meaning.
    let parts = folder.path + "/parts"
    for (count, name) in [(8, "train"), (4, "validation0"), (4, "zoo")] { try write(count, to: "\(parts)/\(name)") }
    let run = folder.path + "/one"
    let trained = try RecolorProcess.run(
      "train", "unet", "--data", parts, "--out", run, "--device", "cpu", "--width", "4", "--batch-size", "4",
      "--epochs", "1", environment: environment)
    #expect(trained.exitCode == 0, "\(trained.errorOutput)")
    try FileManager.default.moveItem(atPath: parts + "/validation0", toPath: parts + "/validation")
    try trainOneMoreEpoch(run)
    #expect(try evaluate(run, on: parts).remarks.contains("on some of which \(run)"))
  }

  /// Adds gray images, which runs leave out unless they are given `--toned keep`.
  private func addGrayImages(_ count: Int) throws {
    for number in 0..<count {
      var image = RGBImage(width: 32, height: 32, color: .black)
      for y in 0..<32 {
        for x in 0..<32 {
          let level = UInt8(4 * (x + y) + number)
          image[x, y] = RGBColor(red: level, green: level, blue: level)
        }
      }
      try image.writePNG(to: "\(photographs)/1gray\(number).png")
    }
  }

  private func compare(_ arguments: String...) throws -> RecolorProcess.Result {
    try RecolorProcess(
      [
        "compare", "--data", photographs, "--out", folder.path + "/comparison", "--device", "cpu", "--json", "--rows",
        "1", "--force",
      ] + arguments, environment: environment
    ).wait()
  }

  private func measuredImages(_ result: RecolorProcess.Result) throws -> Int? {
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    let report = try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    return (report["truth"] as? [String: Any])?["images"] as? Int
  }

  @Test("The images that any of the models was trained on are not measured")
  func theImagesThatAnyModelWasTrainedOnAreNotMeasured() throws {
    try addGrayImages(4)
    let kept = try train("kept", "--toned", "keep", "--validation-images", "7", on: photographs)
    // The first weights are in no run.
    let weights = folder.path + "/weights.safetensors"
    try FileManager.default.copyItem(atPath: kept + "/checkpoints/last.safetensors", toPath: weights)
    let result = try compare(weights, kept)
    #expect(try measuredImages(result) == 7)
    #expect(result.errorOutput.contains("7 of its 24 images") && !result.errorOutput.contains("images left out"))
    let contradiction = try compare(weights, kept, "--toned", "drop")
    #expect(contradiction.exitCode == 1 && contradiction.errorLines.count == 1, "\(contradiction.errorOutput)")
    #expect(contradiction.errorOutput.contains("--toned drop: \(kept)"))

    let dropped = try train("dropped", "--validation-images", "8", on: photographs)
    #expect(try measuredImages(try compare(weights, dropped)) == 8)
    let mixed = try compare(dropped, kept)
    #expect(mixed.exitCode == 1 && mixed.errorLines.count == 1, "\(mixed.errorOutput)")
    for part in [dropped, kept, "--toned drop", "--toned keep"] { #expect(mixed.errorOutput.contains(part)) }
  }

  @Test("A folder that was moved is still known", arguments: ["keep", "drop"])
  func aFolderThatWasMovedIsStillKnown(toned: String) throws {
    try addGrayImages(4)
    let run = try train("one", "--toned", toned, "--validation-images", "7", on: photographs)
    let moved = folder.path + "/moved"
    try FileManager.default.moveItem(atPath: photographs, toPath: moved)
    let test = try evaluate(run, on: moved)
    #expect(test.images == 7)
    #expect(test.remarks.contains("7 of its \(toned == "keep" ? 24 : 20) images"))
    #expect(test.remarks.contains("gray or toned images left out: 4 of 24") == (toned == "drop"))
    #expect(try evaluate(run, "--split", "train", on: moved).images == (toned == "keep" ? 17 : 13))
  }
}
