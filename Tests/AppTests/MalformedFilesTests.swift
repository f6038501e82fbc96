import Foundation
import Imaging
import TestSupport
import Testing

/// `colorize` on malformed files: no crash, no hang, little memory, and every sound one is colored.
@Suite("Malformed files")
struct MalformedFilesTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path + "/in", withIntermediateDirectories: true)
    try UntrainedWeights.write(to: folder.path + "/weights.safetensors")
  }

  private func colorize(_ arguments: String...) throws -> RecolorProcess.Result {
    // Far less than the files claim. Most of it is address space that is never used.
    let command = try RecolorProcess(
      ["colorize", folder.path + "/weights.safetensors"] + arguments + ["--device", "cpu"], memoryLimit: 2 << 20)
    let deadline = ContinuousClock.now + .seconds(120)
    while command.isRunning, ContinuousClock.now < deadline { usleep(20_000) }
    if command.isRunning { command.send(signal: 9) }
    return try command.wait()
  }

  @Test("Sound files are colored and the others reported")
  func soundFilesAreColoredAndTheOthersReported() throws {
    let files = try MalformedFiles(in: folder.path + "/in")
    let result = try colorize(folder.path + "/in", "--recursive", "--out", folder.path + "/out")
    #expect(result.exitCode == 1, "\(result.errorOutput)")
    for name in files.broken {
      let lines = result.errorLines.filter { $0.hasPrefix("recolor: error: \(folder.path)/in/\(name): ") }
      #expect(lines.count == 1, "\(name): \(result.errorOutput)")
    }
    for name in files.sound {
      let stem = name[..<(name.lastIndex(of: ".") ?? name.endIndex)]
      let colored = try RGBImage(contentsOf: "\(folder.path)/out/\(stem).png")
      let original = try RGBImage(contentsOf: "\(folder.path)/in/\(name)")
      #expect(colored.width == original.width && colored.height == original.height, "\(name)")
    }
    let written = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/out")
    #expect(written.count == files.sound.count)
    #expect(result.errorOutput.contains("\(files.sound.count) of \(files.sound.count + files.broken.count) pictures"))
  }

  private static let corpus = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Scripts/fuzz/corpus").standardized.path

  /// A file of 329 bytes made libpng reserve 1.4 GB of address space.
  @Test("Chunks that claim more than the file holds are refused before allocation", arguments: ["exif", "profile"])
  func chunksThatClaimMoreThanTheFileHolds(kind: String) throws {
    let sound = folder.path + "/in/sound.png"
    try RGBImage.colorful(width: 1000, height: 1000, level: 90).writePNG(to: sound)
    func addressSpace(_ pictures: String...) throws -> Int {
      let arguments = ["--out", folder.path + "/out", "--force", "--device", "cpu"]
      return try RecolorProcess(["colorize", folder.path + "/weights.safetensors"] + pictures + arguments)
        .waitForAddressSpace()
    }
    let usual = try addressSpace(sound)
    try #require(usual > 0)
    // The command is seen while it colors the sound picture, after the other one.
    #expect(try addressSpace("\(Self.corpus)/\(kind)_claims_gigabytes.png", sound) - usual < 1 << 30)
  }

  /// Files that fuzzers found, or that claim more than they hold.
  @Test("Every file of the fuzzers' corpus is colored or named by one line")
  func corpusOfTheFuzzers() throws {
    let corpus = Self.corpus
    let names = try FileManager.default.contentsOfDirectory(atPath: corpus)
    try #require(!names.isEmpty)
    for name in names {
      try FileManager.default.copyItem(atPath: "\(corpus)/\(name)", toPath: "\(folder.path)/in/\(name)")
    }
    let result = try colorize(folder.path + "/in", "--out", folder.path + "/out")
    #expect(result.exitCode == 1, "\(result.errorOutput)")
    let written = Set((try? FileManager.default.contentsOfDirectory(atPath: folder.path + "/out")) ?? [])
    let refused = result.errorLines.filter { $0.hasPrefix("recolor: error: ") }
    #expect(written.count + refused.count == names.count, "\(result.errorOutput)")
    for line in refused { #expect(names.contains { line.contains("/in/\($0): ") }, "\(line)") }
    #expect(!written.contains { $0.hasSuffix(".tmp") })
  }

  @Test("Broken files do not stop the others")
  func brokenFilesDoNotStopTheOthers() throws {
    for number in 1...99 {
      let color = RGBColor(red: UInt8(number), green: 90, blue: 80)
      try RGBImage(width: 16, height: 16, color: color).writePNG(to: "\(folder.path)/in/\(number).png")
    }
    try Data([0x89, 0x50]).write(to: URL(filePath: folder.path + "/in/broken.png"))
    let result = try colorize(folder.path + "/in", "--out", folder.path + "/out")
    #expect(result.exitCode == 1)
    #expect(result.errorOutput.contains("/in/broken.png: "))
    #expect(result.errorOutput.contains("99 of 100 pictures"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/out").count == 99)
  }

  @Test("The pixel limit can be changed")
  func thePixelLimitCanBeChanged() throws {
    let path = folder.path + "/in/flat.png"
    try RGBImage(width: 2000, height: 1000, color: .white).writePNG(to: path)
    let refused = try colorize(path, "--out", folder.path + "/out", "--pixel-limit", "1")
    #expect(refused.exitCode == 1)
    #expect(refused.errorOutput.contains("2000×1000") && refused.errorOutput.contains("1000000"))
    #expect(refused.errorOutput.contains("--pixel-limit"))
    #expect(try colorize(path, "--out", folder.path + "/out", "--pixel-limit", "2").exitCode == 0)
  }
}
