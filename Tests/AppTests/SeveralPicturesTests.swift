import Files
import Foundation
import Imaging
import TestSupport
import Testing

/// The coloring of several pictures at a time.
@Suite("colorize, several pictures")
struct SeveralPicturesTests {
  let folder: TemporaryFolder
  private let weights: String
  /// Larger and smaller ones in turn, so that they do not end in the order in which they begin.
  private let pictures: [String]

  init() throws {
    folder = try TemporaryFolder()
    weights = folder.path + "/weights.safetensors"
    try UntrainedWeights.write(to: weights)
    let source = folder.path + "/in"
    try FileManager.default.createDirectory(atPath: source, withIntermediateDirectories: true)
    pictures = (0..<8).map { "\(source)/\($0).png" }
    for (index, path) in pictures.enumerated() {
      let side = index.isMultiple(of: 2) ? 700 : 40
      try RGBImage.colorful(width: side, height: side, level: UInt8(9 * index)).writePNG(to: path)
    }
  }

  /// Colors the pictures into a folder, with as many threads.
  private func colorize(
    into out: String, threads: Int, options: [String] = [], descriptorLimit: Int? = nil
  ) throws -> RecolorProcess.Result {
    try RecolorProcess(
      ["colorize", weights] + pictures + ["--out", out, "--device", "cpu"] + options,
      environment: ["RECOLOR_THREADS": "\(threads)"], descriptorLimit: descriptorLimit
    ).wait()
  }

  @Test("Files and lines are the same with one thread and with several")
  func sameResults() throws {
    let (one, several) = (folder.path + "/one", folder.path + "/several")
    for (out, threads) in [(one, 1), (several, 4)] {
      let result = try colorize(into: out, threads: threads)
      #expect(result.exitCode == 0 && result.errorOutput.isEmpty, "\(result.errorOutput)")
      #expect(result.output.split(separator: "\n") == pictures.indices.map { "\(out)/\($0).png" })
    }
    for name in pictures.map({ Folder.name(of: $0) }) {
      #expect(try readFile("\(one)/\(name)") == readFile("\(several)/\(name)"), "\(name)")
    }
  }

  @Test("Lines about pictures stay in their order, and an error stops no other picture")
  func orderOfLines() throws {
    let out = folder.path + "/out"
    try Data("no picture".utf8).write(to: URL(filePath: pictures[2]))
    try FileManager.default.removeItem(atPath: pictures[5])
    // Its end is missing, which is a warning.
    let whole = try Data(contentsOf: URL(filePath: pictures[4]))
    try whole.dropLast(12).write(to: URL(filePath: pictures[4]))
    let lines = folder.path + "/lines"
    try Data().write(to: URL(filePath: lines))
    // Both streams go into one file, so that their lines are in the order in which they were written.
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments =
      [
        "-c", "lines=$1; shift; exec \"$0\" \"$@\" >>\"$lines\" 2>&1", RecolorProcess.executable.path, lines,
        "colorize",
        weights,
      ] + pictures + ["--out", out, "--device", "cpu"]
    shell.environment = ProcessInfo.processInfo.environment.merging(["RECOLOR_THREADS": "4"]) { $1 }
    try shell.run()
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 1)
    let found = try String(contentsOfFile: lines, encoding: .utf8).split(separator: "\n")
    let expected = [
      "\(out)/0.png", "\(out)/1.png", "recolor: error: \(pictures[2]): neither a PNG", "\(out)/3.png",
      "recolor: warning: \(pictures[4]): its end is missing", "\(out)/4.png",
      "recolor: error: \(pictures[5]): cannot be read: No such file", "\(out)/6.png", "\(out)/7.png",
      "recolor: 6 of 8 pictures are colored",
    ]
    #expect(found.count == expected.count, "\(found)")
    for (line, beginning) in zip(found, expected) { #expect(line.hasPrefix(beginning)) }
  }

  @Test("As few file descriptors as suffice for one picture suffice for several at a time")
  func fewDescriptors() throws {
    var sufficed = false
    for count in 4...9 {
      let (one, several) = ("\(folder.path)/one\(count)", "\(folder.path)/several\(count)")
      let alone = try colorize(into: one, threads: 1, descriptorLimit: count)
      guard alone.exitCode == 0 else { continue }
      sufficed = true
      let result = try colorize(into: several, threads: 6, descriptorLimit: count)
      #expect(result.exitCode == 0 && result.errorOutput.isEmpty, "\(count) descriptors: \(result.errorOutput)")
    }
    #expect(sufficed)
  }

  @Test("A standard output that is closed ends the command, and leaves no part of a picture")
  func closedOutput() throws {
    let out = folder.path + "/out"
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments =
      [
        "-c", "exec \"$0\" \"$@\" >&- 2>/dev/null", RecolorProcess.executable.path, "colorize", weights,
      ] + pictures + ["--out", out, "--device", "cpu"]
    shell.environment = ProcessInfo.processInfo.environment.merging(["RECOLOR_THREADS": "2"]) { $1 }
    try shell.run()
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 1)
    let names = try FileManager.default.contentsOfDirectory(atPath: out)
    // Those that were begun before the first one's path could not be written.
    #expect(!names.isEmpty && names.count < pictures.count, "\(names)")
    for name in names { _ = try RGBImage(contentsOf: "\(out)/\(name)") }
  }

  @Test("Higher levels of compression give smaller files of the same pixels")
  func compression() throws {
    let outs = [1, 9].map { "\(folder.path)/level\($0)" }
    for (level, out) in zip([1, 9], outs) {
      let result = try colorize(into: out, threads: 2, options: ["--compression", "\(level)"])
      #expect(result.exitCode == 0, "\(result.errorOutput)")
    }
    let files = try outs.map { try readFile($0 + "/0.png") }
    #expect(files[1].count < files[0].count)
    #expect(try RGBImage(contentsOf: outs[0] + "/0.png") == RGBImage(contentsOf: outs[1] + "/0.png"))
  }

  @Test("A level of compression is refused where there is none, or no picture that it applies to")
  func refusedCompression() throws {
    let out = folder.path + "/out"
    for (options, named) in [
      (["--out", out, "--compression", "1", "--format", "jpeg"], "--format png writes them"),
      (["--out", out + "/new.jpg", "--compression", "1"], "give it a name in .png"),
      (["--out", out, "--compression", "0"], "--compression 0"),
      (["--out", out, "--compression", "10"], "--compression 10"),
    ] {
      let result = try RecolorProcess(["colorize", weights, pictures[0], "--device", "cpu"] + options).wait()
      #expect(result.exitCode == 64 && result.errorLines.count == 1, "\(result.errorOutput)")
      #expect(result.errorOutput.contains(named), "\(result.errorOutput)")
    }
    #expect(!FileManager.default.fileExists(atPath: out))
  }
}
