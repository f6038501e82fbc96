import Files
import Foundation
import Imaging
import TestSupport
import Testing

@testable import App

@Suite("Printable text")
struct PrintableTextTests {
  @Test(
    "What would act on a terminal is written out",
    arguments: [
      ("photo Größe 写真 e\u{301} 👩‍🚀.jpg", "photo Größe 写真 e\u{301} 👩‍🚀.jpg"),
      ("a\u{1B}[31m\nrecolor: done.png", "a\\u{1b}[31m\\nrecolor: done.png"),
      ("a\r\n\tb\u{7F}\u{0}", "a\\r\\n\\tb\\u{7f}\\u{0}"),
      ("\u{9B}2J \u{85}\u{2028}\u{2029}", "\\u{9b}2J \\u{85}\\u{2028}\\u{2029}"),
      (
        "gpj.\u{202E}exe \u{2066}a\u{2069}\u{61C}\u{200E}\u{200F}",
        "gpj.\\u{202e}exe \\u{2066}a\\u{2069}\\u{61c}\\u{200e}\\u{200f}"
      ),
      (String(pathBytes: Array("caf".utf8) + [0xE9, 0x2E]), "caf\\xe9."),
    ])
  func controls(text: String, expected: String) {
    #expect(text.printable == expected)
    #expect(!text.printable.unicodeScalars.contains { $0.value < 0x20 })
  }

  @Test("Reports keep their lines")
  func lines() {
    #expect("a\n\tb\u{1B}".printableLines == "a\n\tb\\u{1b}")
    let rows = [["a\nb", "1"], ["\u{1B}[2J", "22"]]
    let table = TextTable.text([.left("name"), .right("n")], rows)
    #expect(table == "name        n\na\\nb        1\n\\u{1b}[2J  22")
  }

  @Test("Words of commands have their bytes")
  func shellWords() {
    #expect(Format.shellWord("runs/é") == "runs/é" && Format.shellWord("it's") == "'it'\\''s'")
    #expect(Format.shellWord(String(pathBytes: Array("it's\\caf".utf8) + [0xE9])) == "$'it\\'s\\\\caf\\xe9'")
    #expect(Format.shellWord("a\n\u{1B}\u{202E}") == "$'a\\x0a\\x1b\\xe2\\x80\\xae'")
  }

  @Test("JSON stays JSON")
  func json() throws {
    let names = ["a\n\u{1B}\u{9B}", "\u{202E}b", "\u{2028}é"]
    let text = try JSONReport.text(names)
    #expect(text.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
    #expect(!text.contains("\u{202E}"))
    #expect(try JSONDecoder().decode([String].self, from: Data(text.utf8)) == names)
    #expect(try JSONReport.text([String(pathBytes: [0xE9])]).contains("\"\\udce9\""))
  }
}

/// Names of files and folders, in all that the command prints.
@Suite("Names with control characters")
struct ControlCharacterTests {
  private let evil = "a\u{1B}[31m\nrecolor: done\u{202E}"
  private let written = "a\\u{1b}[31m\\nrecolor: done\\u{202e}"

  private func expectWrittenOut(
    _ result: RecolorProcess.Result, exitCode: Int32 = 0, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(result.exitCode == exitCode, "\(result.errorOutput)", sourceLocation: sourceLocation)
    let all = result.output + result.errorOutput
    #expect(!all.unicodeScalars.contains { $0 == "\u{1B}" || $0 == "\u{202E}" }, sourceLocation: sourceLocation)
    #expect(!all.split(separator: "\n").contains { $0.hasPrefix("recolor: done") }, sourceLocation: sourceLocation)
    #expect(all.contains(written), "\(all)", sourceLocation: sourceLocation)
  }

  @Test("They are written out on both streams")
  func names() throws {
    let folder = try TemporaryFolder()
    let weights = folder.path + "/weights.safetensors"
    try UntrainedWeights.write(to: weights)
    let source = "\(folder.path)/\(evil)"
    for part in ["one\u{1B}", "two"] {
      try FileManager.default.createDirectory(atPath: "\(source)/\(part)", withIntermediateDirectories: true)
      try RGBImage.colorful(width: 32, height: 32, level: 60).writePNG(to: "\(source)/\(part)/\(evil).png")
    }
    try Data("no picture".utf8).write(to: URL(filePath: "\(source)/two/\(evil)2.png"))
    let device = ["--device", "cpu"]
    expectWrittenOut(
      try RecolorProcess(["colorize", weights, source, "--recursive", "--out", folder.path + "/out"] + device).wait(),
      exitCode: 1)
    expectWrittenOut(try RecolorProcess(["data", "info", source]).wait())
    let json = try RecolorProcess(["data", "info", source, "--json"]).wait()
    #expect(!json.output.contains("\u{202E}") && json.output.contains("\\u202e"))
    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(json.output.utf8)) }
    expectWrittenOut(try RecolorProcess(["evaluate", weights, "--data", source] + device).wait())
    expectWrittenOut(try RecolorProcess(["evaluate", weights, "--data", source, "--full-size"] + device).wait())
    expectWrittenOut(
      try RecolorProcess(
        ["compare", "\(evil)=\(weights)", "--data", source, "--out", folder.path + "/page", "--size", "32"] + device
      ).wait())
    expectWrittenOut(try RecolorProcess(["export", weights, "--out", "\(folder.path)/\(evil).onnx"]).wait())
    let run = try RecolorProcess(
      ["train", "unet", "--data", source, "--out", "\(folder.path)/\(evil)run", "--width", "4", "--size", "32"]
        + ["--train-images", "1", "--validation-images", "1", "--batch-size", "1", "--steps", "1"] + device
    ).wait()
    expectWrittenOut(run)
    try Data("{\"model\": \"\u{1B}[31m\"}".utf8).write(to: URL(filePath: "\(folder.path)/\(evil)run/config.json"))
    expectWrittenOut(
      try RecolorProcess(["train", "unet", "--resume", "\(folder.path)/\(evil)run"]).wait(), exitCode: 1)
    expectWrittenOut(
      try RecolorProcess(["evaluate", "\(folder.path)/\(evil).safetensors", "--data", "scenes"] + device).wait(),
      exitCode: 1)
  }

  /// Colored, counted and trained on: folders and files, found in a folder and named on the command line.
  @Test("Names that are no UTF-8 are names like others")
  func namesThatAreNotUTF8() throws {
    let folder = try TemporaryFolder()
    let weights = folder.path + "/weights.safetensors"
    try UntrainedWeights.write(to: weights)
    let cafe = String(pathBytes: Array("caf".utf8) + [0xE9])
    let source = folder.path + "/in"
    for (index, name) in ["\(cafe)/a", "\(cafe)/\(cafe)", "b/\(cafe)", "b/plain"].enumerated() {
      let path = "\(source)/\(name).png"
      try Folder.create(Folder.parent(of: path))
      try AtomicFile.write(RGBImage.colorful(width: 40, height: 32, level: UInt8(50 + 40 * index)).png(), to: path)
    }
    let out = folder.path + "/out"
    let colored = try RecolorProcess(
      ["colorize", weights, source, "--recursive", "--out", out, "--device", "cpu"]
    ).wait()
    #expect(colored.exitCode == 0, "\(colored.errorOutput)")
    #expect(colored.output.contains("\(out)/caf\\xe9/caf\\xe9.png\n"), "\(colored.output)")
    #expect(try Folder.names(in: "\(out)/\(cafe)") == ["a.png", "\(cafe).png"])
    #expect(try Folder.names(in: "\(out)/b") == ["\(cafe).png", "plain.png"])
    #expect(try RGBImage(contentsOf: "\(out)/\(cafe)/\(cafe).png").width == 40)

    let info = try RecolorProcess(["data", "info", source]).wait()
    #expect(info.output.contains("4 images") && info.output.contains("caf\\xe9  "), "\(info.output)")
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments = [
      "-c",
      """
      cd "$2/in" && "$0" colorize "$1" b/caf*.png --out "$2/named" --device cpu \
        && "$0" train unet --data caf* --out "$2"/run --width 4 --size 32 --train-images 1 --validation-images 1 \
          --batch-size 1 --steps 1 --device cpu \
        && cd caf* && "$0" train unet --resume "$2/run" && "$0" data info . \
        && "$0" train --config "$2/run/config.json" --out "$2/again"
      """, RecolorProcess.executable.path, weights, folder.path,
    ]
    shell.environment = ProcessInfo.processInfo.environment.merging(["RECOLOR_CACHE": folder.path + "/cache"]) { $1 }
    shell.standardOutput = FileHandle.nullDevice
    shell.standardError = FileHandle.nullDevice
    try shell.run()
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 0)
    #expect(try Folder.names(in: folder.path + "/named") == ["\(cafe).png"])
    // The same bytes for other programs.
    for run in ["run", "again"] {
      let configuration = try String(contentsOfFile: "\(folder.path)/\(run)/config.json", encoding: .utf8)
      #expect(configuration.contains(#"/in/caf\udce9""#), "\(configuration)")
    }
  }

  @Test("They are written out in errors of the command line and of a configuration file")
  func usageErrors() throws {
    let folder = try TemporaryFolder()
    let file = "\(folder.path)/\(evil).yaml"
    try Data("model: unet\ndata: scenes\nwidth: \"4\\nrecolor: done\"\n".utf8).write(to: URL(filePath: file))
    for arguments in [
      // Found by the parser, and by the program's own checks.
      ["devices", evil], ["colorize", "a.png", "--strength=\(evil)"], ["colorize", "a.png", "--device", evil],
      ["export", "builtin:photo", "--out", "\(evil).gif"], [evil], ["train", "--config", file, "--out", "run"],
    ] {
      let result = try RecolorProcess(arguments, directory: folder.path).wait()
      expectWrittenOut(result, exitCode: 64)
      #expect(result.errorLines.count == 1, "\(result.errorOutput)")
    }
    expectWrittenOut(
      try RecolorProcess(["train", "--config", "none\(evil).yaml", "--out", "run"], directory: folder.path).wait(),
      exitCode: 1)
  }

  @Test("Names keep the spaces inside them")
  func spaces() throws {
    let result = try RecolorProcess(["evaluate", "/no/such  file.safetensors", "--data", "scenes"]).wait()
    #expect(result.errorOutput.contains("/no/such  file.safetensors"))
  }
}
