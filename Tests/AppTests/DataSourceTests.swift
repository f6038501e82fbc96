import Foundation
import Imaging
import Models
import TestSupport
import Testing

/// Folders of images, CIFAR-100, and windows of images on the device.
@Suite("Data sources")
struct DataSourceTests {
  let folder: TemporaryFolder
  private let photographs: String

  init() throws {
    folder = try TemporaryFolder()
    photographs = folder.path + "/photographs"
    for number in 0..<24 {
      let name = number % 2 == 0 ? "cats" : "dogs and others"
      try FileManager.default.createDirectory(
        atPath: "\(photographs)/\(name)", withIntermediateDirectories: true)
      try RGBImage.colorful(width: 40, height: 30, level: UInt8(10 * number))
        .writePNG(to: "\(photographs)/\(name)/\(number).png")
    }
  }

  private func run(_ arguments: String..., environment: [String: String] = [:]) throws -> RecolorProcess.Result {
    try RecolorProcess(
      arguments, environment: ["RECOLOR_CACHE": folder.path + "/cache"].merging(environment) { $1 }
    ).wait()
  }

  private func json(_ result: RecolorProcess.Result) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
  }

  @Test("Broken images are reported and left out")
  func brokenImagesAreReportedAndLeftOut() throws {
    for name in ["cats/broken.jpg", "dogs and others/empty.png"] {
      try Data("none".utf8).write(to: URL(filePath: "\(photographs)/\(name)"))
    }
    for _ in 0..<2 {
      let result = try run("data", "info", photographs, "--size", "16", "--json")
      #expect(result.exitCode == 0)
      #expect(result.errorLines.count == 3)
      #expect(result.errorOutput.contains("\(photographs)/cats/broken.jpg"))
      #expect(result.errorOutput.contains("\(photographs)/dogs and others/empty.png"))
      #expect(result.errorOutput.contains("unreadable images left out: 2 of 26"))
      let part = try #require((try json(result)["parts"] as? [[String: Any]])?.first)
      #expect(part["images"] as? Int == 24 && part["width"] as? Int == 16)
      let labels = try #require(part["labels"] as? [[String: Any]])
      #expect(labels.compactMap { $0["name"] as? String } == ["cats", "dogs and others"])
      #expect(labels.compactMap { $0["images"] as? Int } == [12, 12])
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/cache/images").count == 2)
  }

  @Test("A path that leads upwards is followed")
  func pathsThatLeadUpwards() throws {
    // More steps than there are folders end at the root.
    let path = String(repeating: "../", count: 40) + photographs.dropFirst()
    let result = try run("data", "info", path, "--json")
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    #expect((try json(result)["parts"] as? [[String: Any]])?.first?["images"] as? Int == 24)
  }

  private func train(_ name: String, _ options: String...) throws -> RecolorProcess.Result {
    try RecolorProcess(
      [
        "train", "unet", "--data", photographs, "--out", "\(folder.path)/\(name)", "--device", "cpu", "--width", "4",
        "--batch-size", "4",
      ] + options, environment: ["RECOLOR_CACHE": folder.path + "/cache"]
    ).wait()
  }

  private func configuration(_ name: String) throws -> RunConfiguration {
    try RunDirectory(opening: URL(filePath: "\(folder.path)/\(name)")).readConfiguration()
  }

  @Test("A run goes on with photographs that were moved, and with no others")
  func aRunGoesOnWithMovedPhotographs() throws {
    #expect(try train("run", "--epochs", "1").exitCode == 0)
    let moved = folder.path + "/moved"
    try FileManager.default.moveItem(atPath: photographs, toPath: moved)
    let (name, old) = ("\(folder.path)/run", photographs)
    let lost = try run("train", "--resume", name, "--epochs", "2")
    #expect(lost.exitCode == 1 && lost.errorOutput.contains(old), "\(lost.errorOutput)")
    let found = try run("train", "--resume", name, "--epochs", "2", "--data", moved)
    #expect(found.exitCode == 0, "\(found.errorOutput)")
    #expect(found.output.contains("epoch 2/2"))
    #expect(try configuration("run").data == moved && configuration("run").epochs == 2)
    let done = try run("train", "--resume", name)
    #expect(done.exitCode == 0 && done.errorOutput.contains("done its 2 epochs; --epochs trains it for longer"))

    // Also where config.json was edited.
    try FileManager.default.moveItem(atPath: moved, toPath: old)
    var edited = try configuration("run")
    edited.data = old
    try JSONEncoder().encode(edited).write(to: URL(filePath: name + "/config.json"))
    #expect(try run("train", "--resume", name, "--epochs", "3").exitCode == 0)
    try FileManager.default.removeItem(atPath: "\(old)/cats/0.png")
    let other = try run("train", "--resume", name, "--data", old)
    #expect(other.exitCode == 1 && other.errorOutput.contains("not the photographs that the run was started with"))
  }

  @Test("A run on CIFAR-10 in a standard folder goes on from any folder")
  func aRunOnCIFAR10GoesOnFromAnyFolder() throws {
    let set = folder.path + "/data/cifar-10-batches-bin"
    try FileManager.default.createDirectory(atPath: set, withIntermediateDirectories: true)
    for number in 0..<6 {
      let records = (0..<8).flatMap { record in [UInt8](repeating: UInt8(number + record) % 10, count: 3073) }
      try Data(records).write(
        to: URL(filePath: "\(set)/" + (number > 0 ? "data_batch_\(number).bin" : "test_batch.bin")))
    }
    func train(_ arguments: [String], in directory: String) throws -> RecolorProcess.Result {
      try RecolorProcess(
        ["train"] + arguments, environment: ["RECOLOR_CIFAR10": "", "XDG_DATA_HOME": folder.path + "/none"],
        directory: directory
      ).wait()
    }
    let name = folder.path + "/run"
    let first = try train(
      [
        "unet", "--data", "cifar10", "--out", name, "--device", "cpu", "--width", "4", "--batch-size", "8", "--steps",
        "1",
      ],
      in: folder.path)
    #expect(first.exitCode == 0, "\(first.errorOutput)")
    let second = try train(["--resume", name, "--steps", "2"], in: "/")
    #expect(second.exitCode == 0, "\(second.errorOutput)")
    #expect(try configuration("run").data == "cifar10" && configuration("run").steps == 2)
  }

  @Test("The model of a run may be named beside --resume, but no other")
  func theModelOfARunMayBeNamed() throws {
    #expect(try train("run", "--steps", "1").exitCode == 0)
    let name = folder.path + "/run"
    #expect(try run("train", "unet", "--resume", name, "--steps", "2").exitCode == 0)
    let other = try run("train", "gan", "--resume", name)
    #expect(other.exitCode == 1 && other.errorOutput.contains("trains a unet, not a gan"), "\(other.errorOutput)")
    let guarded = try run("train", "--resume", name, "--no-guard")
    #expect(guarded.exitCode == 64 && guarded.errorOutput.contains("--no-guard"), "\(guarded.errorOutput)")
  }

  @Test("Windows on the device give the same weights")
  func windowsOnTheDeviceGiveTheSameWeights() throws {
    for (name, images) in [("all", "all"), ("auto", "auto"), ("window", "8")] {
      let result = try train(name, "--epochs", "2", "--device-images", images)
      #expect(result.exitCode == 0, "\(result.errorOutput)")
    }
    let weights = try ["all", "auto", "window"].map {
      try Data(contentsOf: URL(filePath: "\(folder.path)/\($0)/checkpoints/last.safetensors"))
    }
    #expect(weights[0] == weights[1] && weights[0] == weights[2])
  }

  @Test("Resumed runs may have another window")
  func resumedRunsMayHaveAnotherWindow() throws {
    #expect(try train("whole", "--epochs", "3").exitCode == 0)
    #expect(try train("parts", "--epochs", "1", "--device-images", "8").exitCode == 0)
    let path = folder.path + "/parts/config.json"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let longer = text.replacingOccurrences(of: "\"epochs\" : 1", with: "\"epochs\" : 3")
    try #require(longer != text)
    try longer.write(toFile: path, atomically: true, encoding: .utf8)
    let resumed = try run("train", "unet", "--resume", folder.path + "/parts", "--device-images", "12")
    #expect(resumed.exitCode == 0, "\(resumed.errorOutput)")
    let weights = try ["whole", "parts"].map {
      try Data(contentsOf: URL(filePath: "\(folder.path)/\($0)/checkpoints/last.safetensors"))
    }
    #expect(weights[0] == weights[1])
  }

  @Test("Impossible windows are refused", arguments: ["0", "-3", "some", "7"])
  func impossibleWindowsAreRefused(images: String) throws {
    let result = try train("run", "--device-images", images)
    #expect(result.exitCode != 0)
    #expect(result.errorLines.count == 1)
    #expect(result.errorOutput.contains("--device-images"))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/run"))
  }

  @Test("Images of other sizes are trained on and measured", arguments: ["unet", "gan"])
  func imagesOfOtherSizesAreTrainedOnAndMeasured(model: String) throws {
    let out = folder.path + "/run"
    let trained = try run(
      "train", model, "--data", photographs, "--out", out, "--device", "cpu", "--width", "4", "--batch-size", "2",
      "--size", "64", "--steps", "2")
    #expect(trained.exitCode == 0, "\(trained.errorOutput)")
    let evaluated = try run("evaluate", out, "--data", photographs, "--device", "cpu", "--json")
    #expect(evaluated.exitCode == 0, "\(evaluated.errorOutput)")
    let mse = try #require(try json(evaluated)["mse"] as? Double)
    #expect(mse > 0 && mse.isFinite)
  }

  @Test("CIFAR-100 is found and named")
  func cifar100IsFoundAndNamed() throws {
    let set = folder.path + "/cifar-100-binary"
    try FileManager.default.createDirectory(atPath: set, withIntermediateDirectories: true)
    let record = [UInt8](repeating: 7, count: 3074)
    for (name, count) in [("train.bin", 6), ("test.bin", 2)] {
      try Data(Array(repeatElement(record, count: count).joined())).write(to: URL(filePath: "\(set)/\(name)"))
    }
    try Data((0..<100).map { "class_\($0)\n" }.joined().utf8).write(to: URL(filePath: "\(set)/fine_label_names.txt"))
    for source in ["cifar100", folder.path, set] {
      let result = try run("data", "info", source, environment: ["RECOLOR_CIFAR100": folder.path])
      #expect(result.exitCode == 0, "\(result.errorOutput)")
      for part in ["CIFAR-100 training: 6 images", "CIFAR-100 test: 2 images", "class_7"] {
        #expect(result.output.contains(part))
      }
    }
    for arguments in [["data", "info", set, "--size", "64"], ["data", "info", "cifar100", "--size", "16"]] {
      let result = try RecolorProcess(arguments, environment: ["RECOLOR_CIFAR100": folder.path]).wait()
      #expect(result.exitCode == 1 && result.output.isEmpty && result.errorLines.count == 1)
      #expect(result.errorOutput.contains("the photographs of CIFAR-100 training are 32×32"), "\(result.errorOutput)")
    }
    #expect(try run("data", "info", set, "--size", "32").exitCode == 0)
    let missing = try run("data", "info", "cifar100", environment: ["RECOLOR_CIFAR100": folder.path + "/none"])
    #expect(missing.exitCode == 1 && missing.errorOutput.contains("recolor data fetch cifar100"))
  }
}
