import Foundation
import Imaging
import TestSupport
import Testing

/// Systems that grant few file descriptors, little room on a disk or many threads, and pipes in place of files.
@Suite("Scarce systems")
struct ScarceSystemTests {
  let folder: TemporaryFolder
  private let weights: String

  init() throws {
    folder = try TemporaryFolder()
    weights = folder.path + "/weights.safetensors"
    try UntrainedWeights.write(to: weights)
  }

  @Test("Few file descriptors are an error in a line, or suffice", arguments: 4...9)
  func fewDescriptorsColor(count: Int) throws {
    let (picture, out) = (folder.path + "/picture.png", folder.path + "/colored.png")
    try RGBImage.colorful(width: 40, height: 40, level: 20).writePNG(to: picture)
    let result = try RecolorProcess(
      ["colorize", weights, picture, "--out", out, "--device", "cpu"], descriptorLimit: count
    ).wait()
    let isWritten = FileManager.default.fileExists(atPath: out)
    #expect(
      result.exitCode == 0 && isWritten
        || result.exitCode == 1 && result.errorOutput.contains("Too many open files"), "\(result.errorOutput)")
  }

  @Test("Photographs are not left out for lack of file descriptors", arguments: 4...7)
  func fewDescriptorsRead(count: Int) throws {
    let photographs = folder.path + "/photographs"
    try FileManager.default.createDirectory(atPath: photographs, withIntermediateDirectories: true)
    for number in 0..<24 {
      try RGBImage.colorful(width: 20, height: 20, level: UInt8(9 * number)).writePNG(
        to: "\(photographs)/\(number).png")
    }
    let result = try RecolorProcess(
      ["data", "info", photographs], environment: ["RECOLOR_CACHE": folder.path + "/cache"], descriptorLimit: count
    ).wait()
    #expect(!result.errorOutput.contains("left out"), "\(result.errorOutput)")
    if result.exitCode == 0 {
      #expect(result.output.contains("24 images"), "\(result.output)")
    } else {
      #expect(result.exitCode == 1 && result.errorOutput.contains("Too many open files"), "\(result.errorOutput)")
    }
  }

  @Test(
    "A full disk ends the coloring in a line, with whole pictures on it, and --skip-existing goes on",
    .enabled(if: SmallDisk.isAvailable, "this system mounts no disk for a test"))
  func fullDisksEndTheColoring() throws {
    let (pictures, out) = (folder.path + "/pictures", folder.path + "/out")
    for path in [pictures, out] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    var generator = SystemRandomNumberGenerator()
    for number in 1...5 {
      // Noise, of which a PNG file is about as large as the pixels.
      let bytes = (0..<3 * 100 * 100).map { _ in UInt8.random(in: 0...255, using: &generator) }
      try RGBImage(width: 100, height: 100, bytes: bytes).writePNG(to: "\(pictures)/\(number).png")
    }
    let disk = SmallDisk(at: out, kibibytes: 64, keptIn: folder.path + "/kept")
    func color(onto disk: SmallDisk, _ options: String...) throws -> RecolorProcess.Result {
      try RecolorProcess(
        ["colorize", weights, pictures, "--out", out, "--device", "cpu"] + options, through: disk.command
      ).wait()
    }
    let result = try color(onto: disk)
    let colored = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/kept").sorted()
    #expect(result.exitCode == 1 && result.errorLines.count == 1, "\(result.errorOutput)")
    #expect(!colored.isEmpty && colored.allSatisfy { $0.hasSuffix(".png") }, "\(colored)")
    #expect(result.output == colored.map { "\(out)/\($0)\n" }.joined())
    for name in colored { #expect(try RGBImage(contentsOf: "\(folder.path)/kept/\(name)").width == 100) }
    let line = result.errorOutput
    #expect(line.contains("error: \(out): cannot be written: No space left on device (the disk has "), "\(line)")
    #expect(line.contains("KiB left); \(5 - colored.count) of 5 pictures are not colored; make room, and "), "\(line)")
    #expect(line.contains("go on with --skip-existing"), "\(line)")
    // Pictures that are there already are not among those that are missing.
    let again = try color(onto: disk, "--skip-existing")
    #expect(again.exitCode == 1 && again.errorLines.count == 1 && again.output.isEmpty, "\(again.errorOutput)")
    #expect(again.errorOutput.contains("; \(5 - colored.count) of 5 pictures are not colored"), "\(again.errorOutput)")
    let larger = SmallDisk(at: out, kibibytes: 1024, keptIn: folder.path + "/kept")
    let rest = try color(onto: larger, "--skip-existing")
    #expect(rest.exitCode == 0, "\(rest.errorOutput)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/kept").count == 5)
  }

  @Test("Pipes in place of files are named", .timeLimit(.minutes(1)))
  func pipesAreNamed() throws {
    let run = folder.path + "/run"
    let trained = try RecolorProcess.run(
      "train", "unet", "--data", "scenes", "--out", run, "--device", "cpu", "--width", "4", "--batch-size", "8",
      "--train-images", "16", "--validation-images", "8", "--epochs", "1")
    #expect(trained.exitCode == 0, "\(trained.errorOutput)")
    for (name, arguments) in [
      ("config.json", ["train", "--resume", run]), ("metrics.csv", ["train", "--resume", run]),
      ("checkpoints/last.state.safetensors", ["train", "--resume", run]),
      ("checkpoints/best.safetensors", ["evaluate", run, "--data", "scenes", "--device", "cpu"]),
    ] {
      let (file, kept) = ("\(run)/\(name)", folder.path + "/kept")
      try FileManager.default.moveItem(atPath: file, toPath: kept)
      #expect(mkfifo(file, 0o600) == 0)
      let result = try RecolorProcess(arguments).wait()
      #expect(result.exitCode == 1 && result.errorLines.count == 1, "\(result.errorOutput)")
      #expect(result.errorOutput.contains("it is no ordinary file"), "\(result.errorOutput)")
      try FileManager.default.removeItem(atPath: file)
      try FileManager.default.moveItem(atPath: kept, toPath: file)
    }
  }

  @Test("RECOLOR_THREADS that is no number is named, and the command goes on")
  func wrongThreadCountsAreNamed() throws {
    let result = try RecolorProcess.run(
      "evaluate", weights, "--data", "scenes", "--images", "2", "--device", "cpu",
      environment: ["RECOLOR_THREADS": "many"])
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    #expect(result.errorOutput.contains("RECOLOR_THREADS=many is no number of threads"), "\(result.errorOutput)")
  }
}
