import Foundation
import Imaging
import TestSupport
import Testing

/// Files, folders and devices that are not as they should be: one line, no trap, nothing left behind.
@Suite struct BadInputTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func expectFailure(
    _ arguments: [String], naming names: String..., environment: [String: String] = [:],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let result = try RecolorProcess(arguments, environment: environment).wait()
    #expect(result.exitCode == 1, sourceLocation: sourceLocation)
    #expect(result.errorLines.count == 1, "\(result.errorOutput)", sourceLocation: sourceLocation)
    #expect(result.errorOutput.hasPrefix("recolor: "), sourceLocation: sourceLocation)
    for name in names {
      #expect(result.errorOutput.contains(name), "\(result.errorOutput)", sourceLocation: sourceLocation)
    }
  }

  /// Arguments of a short run.
  private func train(_ options: String..., data: String = "scenes", out: String? = nil) -> [String] {
    ["train", "unet", "--data", data, "--out", out ?? folder.path + "/run", "--device", "cpu", "--width", "4"] + options
  }

  private func write(_ bytes: [UInt8], to name: String) throws -> String {
    let path = folder.path + "/" + name
    try FileManager.default.createDirectory(
      at: URL(filePath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: URL(filePath: path))
    return path
  }

  @Test func foldersOfPhotographs() throws {
    let out = folder.path + "/run"
    try expectFailure(train(data: folder.path + "/missing"), naming: folder.path + "/missing")
    try expectFailure(train(data: folder.path), naming: folder.path, "no PNG or JPEG")
    let picture = try write([1, 2, 3], to: "photos/broken.png")
    try expectFailure(train(data: folder.path + "/photos"), naming: picture)
    #expect(!FileManager.default.fileExists(atPath: out))
  }

  @Test func batchFiles() throws {
    for number in 1...5 { _ = try write([UInt8](repeating: 0, count: 3073), to: "short/data_batch_\(number).bin") }
    let short = try write([UInt8](repeating: 0, count: 3000), to: "short/data_batch_3.bin")
    try expectFailure(["data", "info", folder.path + "/short"], naming: short)
    for number in 1...5 { _ = try write([UInt8](repeating: 10, count: 3073), to: "label/data_batch_\(number).bin") }
    try expectFailure(train(data: folder.path + "/label"), naming: "data_batch_1.bin", "label 10")
  }

  @Test func foldersOfRuns() throws {
    _ = try write([1], to: "full/file")
    try expectFailure(train(out: folder.path + "/full"), naming: folder.path + "/full")
    try expectFailure(train(out: "/proc/run"), naming: "/proc/run")
    try expectFailure(["train", "unet", "--resume", folder.path + "/missing"], naming: folder.path + "/missing")
    let configuration = try write(Array("{".utf8), to: "broken/config.json")
    try expectFailure(
      ["train", "unet", "--resume", folder.path + "/broken"],
      naming: URL(filePath: configuration).deletingLastPathComponent().path, "config.json")
  }

  @Test func weights() throws {
    let evaluate = { (path: String) in ["evaluate", path, "--data", "scenes", "--device", "cpu"] }
    try expectFailure(evaluate(folder.path + "/missing.safetensors"), naming: "missing.safetensors")
    try expectFailure(evaluate(folder.path), naming: folder.path, "no weights")
    let lying = try write([255, 255, 255, 255, 0, 0, 0, 0] + Array("{}".utf8), to: "lying.safetensors")
    try expectFailure(evaluate(lying), naming: lying)
    let empty = try write([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8), to: "empty.safetensors")
    try expectFailure(["colorize", empty, "a.png", "--out", folder.path + "/colored"], naming: empty)
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/colored"))
  }

  @Test func imageCounts() throws {
    try expectFailure(train("--train-images", "100000"), naming: "--train-images 100000")
    try expectFailure(train("--validation-images", "100000"), naming: "--validation-images 100000")
    try expectFailure(
      train("--train-images", "8", "--validation-images", "4", "--batch-size", "9"), naming: "--batch-size 9")
  }

  @Test func devices() throws {
    try expectFailure(["check", "--device", "opencl:7.3"], naming: "opencl:7.3")
    let kernels = ["RECOLOR_KERNELS": folder.path + "/kernels"]
    try expectFailure(["check", "--device", "opencl"], naming: folder.path + "/kernels", environment: kernels)
    try expectFailure(
      ["train", "unet", "--out", folder.path + "/run", "--device", "opencl", "--width", "4"],
      naming: folder.path + "/kernels", environment: kernels)
  }

  @Test func downloads() throws {
    try expectFailure(
      ["data", "fetch", "--out", folder.path, "--url", "http://127.0.0.1:9/cifar.tar.gz"], naming: "127.0.0.1:9")
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/cifar-10-batches-bin"))
  }
}
