import Foundation
import Imaging
import Models
import TestSupport
import Testing

/// Wrong files, folders and devices: one line names them, and nothing is left behind.
@Suite("Bad input")
struct BadInputTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func expectFailure(
    _ arguments: [String], naming names: String..., environment: [String: String] = [:],
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let result = try RecolorProcess(arguments, environment: environment).wait()
    #expect(result.exitCode == 1, sourceLocation: sourceLocation)
    #expect(result.errorLines.count == 1, "\(result.errorOutput)", sourceLocation: sourceLocation)
    #expect(result.errorOutput.hasPrefix("recolor: error: "), sourceLocation: sourceLocation)
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

  @Test("Folders without images are named")
  func foldersWithoutImagesAreNamed() throws {
    let out = folder.path + "/run"
    try expectFailure(train(data: folder.path + "/missing"), naming: folder.path + "/missing")
    try expectFailure(train(data: folder.path), naming: folder.path, "no image in this folder")
    let picture = try write([1, 2, 3], to: "photos/broken.png")
    try expectFailure(train(data: folder.path + "/photos"), naming: picture)
    #expect(!FileManager.default.fileExists(atPath: out))
  }

  @Test("Damaged batch files are named")
  func damagedBatchFilesAreNamed() throws {
    for number in 1...5 { _ = try write([UInt8](repeating: 0, count: 3073), to: "short/data_batch_\(number).bin") }
    let short = try write([UInt8](repeating: 0, count: 3000), to: "short/data_batch_3.bin")
    try expectFailure(["data", "info", folder.path + "/short"], naming: short)
    for number in 1...5 { _ = try write([UInt8](repeating: 10, count: 3073), to: "label/data_batch_\(number).bin") }
    try expectFailure(train(data: folder.path + "/label"), naming: "data_batch_1.bin", "label 10")
  }

  @Test("Folders that hold no run are named")
  func foldersThatHoldNoRunAreNamed() throws {
    _ = try write([1], to: "full/file")
    try expectFailure(train(out: folder.path + "/full"), naming: folder.path + "/full")
    try expectFailure(train(out: "/proc/run"), naming: "/proc/run")
    try expectFailure(["train", "unet", "--resume", folder.path + "/missing"], naming: folder.path + "/missing")
    let configuration = try write(Array("{".utf8), to: "broken/config.json")
    try expectFailure(
      ["train", "unet", "--resume", folder.path + "/broken"],
      naming: URL(filePath: configuration).deletingLastPathComponent().path, "config.json")
  }

  @Test("Weights that cannot be read are named")
  func weightsThatCannotBeReadAreNamed() throws {
    let evaluate = { (path: String) in ["evaluate", path, "--data", "scenes", "--device", "cpu"] }
    try expectFailure(evaluate(folder.path + "/missing.safetensors"), naming: "missing.safetensors")
    try expectFailure(evaluate(folder.path), naming: folder.path, "no weights")
    let lying = try write([255, 255, 255, 255, 0, 0, 0, 0] + Array("{}".utf8), to: "lying.safetensors")
    try expectFailure(evaluate(lying), naming: lying)
    try expectFailure(
      evaluate(try write(Array("Dear reader".utf8), to: "a.txt")), naming: "a.txt: not a safetensors file\n")
    let picture = folder.path + "/picture.jpg"
    try RGBImage(width: 32, height: 32, color: .white).writePNG(to: picture)
    try expectFailure(evaluate(picture), naming: "picture.jpg: is a picture, not a model")
    try expectFailure(["colorize", "a.png", "--weights", picture], naming: "picture.jpg: is a picture, not a model")
    let empty = try write([2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8), to: "empty.safetensors")
    try expectFailure(["colorize", empty, "a.png", "--out", folder.path + "/colored"], naming: empty)
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/colored"))
  }

  @Test("Impossible image counts are named")
  func impossibleImageCountsAreNamed() throws {
    try expectFailure(train("--train-images", "100000"), naming: "--train-images 100000")
    try expectFailure(train("--validation-images", "100000"), naming: "--validation-images 100000")
    try expectFailure(
      train("--train-images", "8", "--validation-images", "4", "--batch-size", "9"), naming: "--batch-size 9")
  }

  /// Sizes that no memory holds are errors before memory is allocated.
  @Test("Impossible sizes are named")
  func impossibleSizesAreNamed() throws {
    try expectFailure(["data", "info", "scenes", "--size", "4096"], naming: "4096×4096")
    try expectFailure(train("--size", "4096"), naming: "4096×4096")
    try expectFailure(
      ["bench", "unet", "--width", "4", "--size", "4096", "--batch-size", "65536", "--device", "cpu"],
      naming: "4096×4096")
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/run"))
    // A sparse file of any size takes no space on the disk.
    for number in 1...5 { _ = try write([], to: "huge/data_batch_\(number).bin") }
    let file = try #require(FileHandle(forWritingAtPath: folder.path + "/huge/data_batch_2.bin"))
    for number in [1, 3, 4, 5] {
      _ = try write([UInt8](repeating: 0, count: 3073), to: "huge/data_batch_\(number).bin")
    }
    try file.truncate(atOffset: 3073 << 31)
    try expectFailure(["data", "info", folder.path + "/huge"], naming: "32×32")
  }

  /// Weights of a tiny model, untrained.
  private func weights(_ name: String, metadata: [String: String] = [:]) throws -> URL {
    let configuration = try ModelConfiguration(kind: .unet, width: 4)
    let network = UNet(configuration)
    let backend = try TestBackends.cpu.make()
    try network.parameters.allocate(on: backend, training: false)
    try network.parameters.initialize(on: backend, seed: 1, firstStream: 0)
    let url = URL(filePath: folder.path + "/" + name)
    try Checkpoint.write(network, configuration: configuration, metadata: metadata, to: url, on: backend)
    return url
  }

  @Test("Options that contradict a weights file are named", arguments: ["evaluate", "export", "colorize"])
  func optionsThatContradictAWeightsFileAreNamed(_ command: String) throws {
    let path = try weights("weights.safetensors").path
    let picture = folder.path + "/picture.png"
    try RGBImage(width: 32, height: 32, color: .white).writePNG(to: picture)
    let out = folder.path + (command == "export" ? "/out.onnx" : "/out.png")
    let arguments =
      switch command {
      case "evaluate": ["evaluate", path, "--data", "scenes", "--device", "cpu"]
      case "export": ["export", path, "--out", out]
      default: ["colorize", path, picture, "--out", out, "--device", "cpu"]
      }
    try expectFailure(arguments + ["--model", "gan"], naming: "--model gan", path, "of a unet")
    try expectFailure(arguments + ["--upsampling", "nearest"], naming: "--upsampling nearest", path, "transposed")
    #expect(!FileManager.default.fileExists(atPath: out))
  }

  @Test(
    "Weights with impossible image sizes are named",
    arguments: ["0", "-32", "40", "1000000000000", "9223372036854775807", "wide"])
  func weightsWithImpossibleImageSizesAreNamed(_ size: String) throws {
    let path = try weights("lying.safetensors", metadata: ["image_width": size, "image_height": size]).path
    try expectFailure(["evaluate", path, "--data", "scenes", "--device", "cpu"], naming: path, "image_", size)
    let picture = folder.path + "/picture.png"
    try RGBImage(width: 32, height: 32, color: .white).writePNG(to: picture)
    try expectFailure(
      ["colorize", path, picture, "--out", folder.path + "/colored", "--device", "cpu"], naming: path, "image_", size)
  }

  @Test("Weights with NaNs are refused")
  func weightsWithNaNsAreRefused() throws {
    let url = try weights("nan.safetensors")
    var bytes = [UInt8](try Data(contentsOf: url))
    // The first eight bytes are the length of the header before the tensors. All bits set is NaN.
    let start = 8 + bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    for index in start..<bytes.count { bytes[index] = 0xFF }
    try Data(bytes).write(to: url)
    let picture = folder.path + "/picture.png"
    try RGBImage(width: 32, height: 32, color: .white).writePNG(to: picture)
    try expectFailure(["evaluate", url.path, "--data", "scenes", "--device", "cpu"], naming: url.path)
    try expectFailure(
      ["colorize", url.path, picture, "--out", folder.path + "/colored", "--device", "cpu"], naming: url.path)
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/colored"))
  }

  /// No report, no predictions file, no picture and no page of models whose colors are NaN or infinite.
  @Test("Weights that overflow are refused")
  func weightsThatOverflowAreRefused() throws {
    let url = try weights("large.safetensors")
    var bytes = [UInt8](try Data(contentsOf: url))
    let start = 8 + bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
    let large = withUnsafeBytes(of: Float(1e30).bitPattern.littleEndian) { Array($0) }
    for index in start..<bytes.count { bytes[index] = large[(index - start) % 4] }
    try Data(bytes).write(to: url)
    let (picture, out) = (folder.path + "/in/picture.png", folder.path + "/out")
    try FileManager.default.createDirectory(atPath: folder.path + "/in", withIntermediateDirectories: true)
    try RGBImage.colorful(width: 32, height: 32, level: 90).writePNG(to: picture)
    try RGBImage.colorful(width: 40, height: 32, level: 30).writePNG(to: folder.path + "/in/second.png")
    let evaluation = ["evaluate", url.path, "--data", folder.path + "/in", "--device", "cpu"]
    for arguments in [
      evaluation, evaluation + ["--predictions", out], evaluation + ["--full-size"],
      evaluation + ["--full-size", "--csv", out],
      ["compare", url.path, "--data", folder.path + "/in", "--out", out, "--size", "32", "--device", "cpu"],
      ["colorize", url.path, folder.path + "/in", "--out", out, "--device", "cpu"],
      ["colorize", url.path, picture, "--out", out + ".png", "--raw", "--device", "cpu"],
    ] {
      let result = try RecolorProcess(arguments).wait()
      #expect(result.exitCode == 1 && result.output.isEmpty, "\(arguments): \(result.output)")
      let start = "recolor: error: \(url.path): the predicted colors are NaN or"
      let lines = result.errorLines.filter { $0.hasPrefix(start) }
      #expect(lines.count == 1, "\(result.errorOutput)")
      #expect(Set(try FileManager.default.contentsOfDirectory(atPath: folder.path)) == ["in", "large.safetensors"])
    }
  }

  @Test("Missing devices are named")
  func missingDevicesAreNamed() throws {
    try expectFailure(["check", "--device", "opencl:7.3"], naming: "opencl:7.3")
  }

  @Test("Kernels that do not build are named", .needsOpenCL)
  func kernelsThatDoNotBuildAreNamed() throws {
    let kernels = folder.path + "/kernels"
    let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../kernels").standardized
    try FileManager.default.copyItem(atPath: sources.path, toPath: kernels)
    let file = try #require(FileHandle(forWritingAtPath: kernels + "/batch_gather.cl"))
    try file.seekToEnd()
    try file.write(contentsOf: Data("this is no OpenCL;\n".utf8))
    try file.close()
    let result = try RecolorProcess.run(
      "train", "unet", "--data", "scenes", "--out", folder.path + "/run", "--device", "opencl", "--width", "4",
      environment: ["RECOLOR_KERNELS": kernels, "RECOLOR_CACHE": folder.path + "/cache"])
    #expect(result.exitCode == 1)
    // Some drivers' compilers write the number of errors to standard error; a slow one is shown to be at work.
    let lines = result.errorLines.filter {
      $0.range(of: #"^\d+ errors? generated\.$|^compiling kernels: "#, options: .regularExpression) == nil
    }
    #expect(lines.count == 1, "\(result.errorOutput)")
    #expect(lines.first?.hasPrefix("recolor: ") == true)
    #expect(result.errorOutput.contains("batch_gather.cl:"))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/run"))
  }

  @Test("Missing kernel folders are named", .needsOpenCL)
  func missingKernelFoldersAreNamed() throws {
    let kernels = ["RECOLOR_KERNELS": folder.path + "/kernels"]
    try expectFailure(["check", "--device", "opencl"], naming: folder.path + "/kernels", environment: kernels)
    try expectFailure(
      ["train", "unet", "--out", folder.path + "/run", "--device", "opencl", "--width", "4"],
      naming: folder.path + "/kernels", environment: kernels)
  }

  @Test("Failed downloads are named")
  func failedDownloadsAreNamed() throws {
    try expectFailure(
      ["data", "fetch", "--out", folder.path, "--url", "http://127.0.0.1:9/cifar.tar.gz"], naming: "127.0.0.1:9")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test("Files are not written into missing folders", arguments: ["--predictions", "--csv"])
  func filesAreNotWrittenIntoMissingFolders(_ option: String) throws {
    let fullSize = option == "--csv" ? ["--full-size"] : []
    for (path, named) in [
      (folder.path, "is a folder"), ("\(folder.path)/none/a", "no folder \(folder.path)/none"),
    ] {
      let result = try RecolorProcess(["evaluate", "x", "--data", folder.path, option, path] + fullSize).wait()
      #expect(result.exitCode == 1 && result.errorLines.count == 1, "\(result.errorOutput)")
      #expect(result.errorOutput.contains(named), "\(result.errorOutput)")
    }
  }

  @Test("Existing files are not replaced")
  func existingFilesAreNotReplaced() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/there.png"
    try "mine".write(toFile: path, atomically: true, encoding: .utf8)
    for command in [
      ["data", "info", "scenes", "--sheet", path], ["evaluate", path, "--data", "scenes", "--predictions", path],
    ] {
      let result = try RecolorProcess(command).wait()
      #expect(result.exitCode == 1)
      #expect(result.errorOutput.contains("is there already"))
    }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
  }
}
