import Foundation
import Imaging
import TestSupport
import Testing

/// The inputs and outputs of `colorize`.
@Suite("colorize")
struct ColorizeTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for name in ["in/deep/deeper", "in/.hidden"] {
      try FileManager.default.createDirectory(atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
    }
    for name in ["top.png", "deep/a.png", "deep/deeper/b.png", ".hidden/c.png"] {
      try RGBImage(width: 40, height: 24, color: RGBColor(red: 90, green: 110, blue: 130))
        .writePNG(to: "\(folder.path)/in/\(name)")
    }
    try Data("notes".utf8).write(to: URL(filePath: folder.path + "/in/notes.txt"))
    try UntrainedWeights.write(to: folder.path + "/weights.safetensors")
  }

  private func colorize(
    _ arguments: [String], environment: [String: String] = [:], input: String? = nil, output: String? = nil,
    directory: String? = nil
  ) throws -> RecolorProcess.Result {
    let weights = ["colorize", folder.path + "/weights.safetensors"]
    return try RecolorProcess(
      weights + arguments + ["--device", "cpu"], environment: environment, input: input, output: output,
      directory: directory
    ).wait()
  }

  private func files(below path: String) throws -> Set<String> {
    Set(try FileManager.default.subpathsOfDirectory(atPath: path).filter { $0.contains(".") })
  }

  @Test("Folders keep their structure")
  func foldersKeepTheirStructure() throws {
    let (source, out) = (folder.path + "/in", folder.path + "/out")
    #expect(symlink("..", source + "/deep/up") == 0)
    let flat = try colorize([source, "--out", out])
    #expect(flat.exitCode == 0, "\(flat.errorOutput)")
    #expect(try files(below: out) == ["top.png"])
    let deep = try colorize([source, "--recursive", "--out", out + "2", "--format", "jpeg"])
    #expect(deep.exitCode == 0, "\(deep.errorOutput)")
    #expect(try files(below: out + "2") == ["top.jpg", "deep/a.jpg", "deep/deeper/b.jpg"])
    // Pictures colored into the folder itself are not colored again.
    for _ in 1...2 {
      let inside = try colorize([source, "--recursive", "--out", source + "/colored", "--force"])
      #expect(inside.exitCode == 0, "\(inside.errorOutput)")
      #expect(try files(below: source + "/colored") == ["top.png", "deep/a.png", "deep/deeper/b.png"])
    }
  }

  @Test(
    "The folder of colored pictures is beside the folder, under its name",
    arguments: [
      ("in/deep", ".", "../deep-colored/a.png"), ("in/deep", "./", "../deep-colored/a.png"),
      ("in/deep/deeper", "..", "../../deep-colored/a.png"),
      ("in", "deep/deeper/..", "deep/deeper/../../deep-colored/a.png"),
      ("in", "deep/.", "deep-colored/a.png"), ("in", "deep//", "deep-colored/a.png"),
    ])
  func folderBesideAFolder(directory: String, input: String, output: String) throws {
    let result = try colorize([input], directory: "\(folder.path)/\(directory)")
    #expect(result.exitCode == 0 && result.output == output + "\n", "\(result.errorOutput)")
    #expect(try files(below: folder.path + "/in/deep-colored") == ["a.png"])
  }

  @Test("Pictures that are named twice are colored once")
  func picturesThatAreNamedTwiceAreColoredOnce() throws {
    let picture = folder.path + "/in/top.png"
    let file = try colorize([picture, picture, "--out", folder.path + "/one.png"])
    #expect(file.exitCode == 0 && file.output == folder.path + "/one.png\n", "\(file.errorOutput)")
    let names = [folder.path + "/in", picture, folder.path + "/in/deep/../top.png"]
    let result = try colorize(names + ["--out", folder.path + "/out"])
    #expect(result.exitCode == 0 && result.output == folder.path + "/out/top.png\n", "\(result.errorOutput)")
  }

  @Test("Files are replaced only if forced")
  func filesAreReplacedOnlyIfForced() throws {
    let (picture, out) = (folder.path + "/in/top.png", folder.path + "/new.png")
    try Data("old".utf8).write(to: URL(filePath: out))
    let refused = try colorize([picture, "--out", out])
    #expect(refused.exitCode == 1)
    #expect(refused.errorLines.count == 1 && refused.errorOutput.contains("--force"))
    #expect(try Data(contentsOf: URL(filePath: out)) == Data("old".utf8))
    #expect(try colorize([picture, "--out", out, "--force"]).exitCode == 0)
    #expect(try RGBImage(contentsOf: out).width == 40)
  }

  @Test("Names decide the format")
  func namesDecideTheFormat() throws {
    let picture = folder.path + "/in/top.png"
    for (name, signature) in [("a.jpg", [0xFF, 0xD8]), ("b.JPEG", [0xFF, 0xD8]), ("c.png", [0x89, 0x50])] {
      #expect(try colorize([picture, "--out", "\(folder.path)/\(name)"]).exitCode == 0)
      #expect(try Data(contentsOf: URL(filePath: "\(folder.path)/\(name)")).prefix(2).map(Int.init) == signature)
    }
    let raw = try colorize([picture, "--out", folder.path + "/raw.png", "--raw", "--working-size", "16"])
    #expect(raw.exitCode == 0)
    let image = try RGBImage(contentsOf: folder.path + "/raw.png")
    #expect(image.width == 32 && image.height == 16)
  }

  @Test("Strength and contrast decide how colorful pictures are")
  func strengthAndContrastDecideHowColorfulPicturesAre() throws {
    let picture = folder.path + "/in/top.png"
    var files: [Data] = []
    for (index, options) in [
      [], ["--strength", "1", "--color-contrast", "0"], ["--strength", "0"], ["--strength", "1.5"],
      ["--color-contrast", "2"],
    ].enumerated() {
      let out = "\(folder.path)/\(index).png"
      let result = try colorize([picture, "--out", out] + options)
      #expect(result.exitCode == 0, "\(result.errorOutput)")
      files.append(try Data(contentsOf: URL(filePath: out)))
    }
    #expect(files[0] == files[1] && Set(files[1...]).count == files.count - 1)
    #expect(try RGBImage(contentsOf: folder.path + "/2.png") == RGBImage(contentsOf: picture).withoutChroma)
  }

  @Test("Pipes are read and written")
  func pipesAreReadAndWritten() throws {
    let out = folder.path + "/piped.jpg"
    try Data().write(to: URL(filePath: out))
    let result = try colorize(
      ["-", "--out", "-", "--format", "jpeg"], input: folder.path + "/in/top.png", output: out)
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    #expect(result.errorOutput.isEmpty)
    #expect(try Data(contentsOf: URL(filePath: out)).prefix(2) == Data([0xFF, 0xD8]))
    #expect(try RGBImage(contentsOf: out).height == 24)
    let empty = try colorize(["-", "--out", folder.path + "/empty.png"])
    #expect(empty.exitCode == 1 && empty.errorOutput.contains("standard input"))
  }

  @Test("Colored pictures in their originals' folder have a suffix, and are not colored again")
  func resultsBesideTheirOriginals() throws {
    let source = folder.path + "/in"
    let first = try colorize([source + "/", "-o", source])
    #expect(first.exitCode == 0 && first.output == source + "/top-colored.png\n", "\(first.errorOutput)")
    // A folder that is found through another name is the same one.
    #expect(symlink(source, folder.path + "/link") == 0)
    for arguments in [[source, "-o", folder.path + "/link"], [source + "/top.png", "-o", source]] {
      let again = try colorize(arguments + ["--skip-existing"])
      #expect(again.exitCode == 0 && again.output.isEmpty, "\(again.errorOutput)")
      #expect(again.errorOutput.contains("1 picture skipped"), "\(again.errorOutput)")
    }
    let refused = try colorize([source, "-o", source])
    #expect(refused.exitCode == 1 && refused.errorOutput.contains("--force"), "\(refused.errorOutput)")
    // As a shell's pattern names them.
    let named = try colorize([source + "/top.png", source + "/top-colored.png", "--skip-existing"])
    #expect(named.exitCode == 0 && named.output.isEmpty, "\(named.errorOutput)")
    #expect(named.errorOutput.contains("1 result of earlier runs, named -colored, is not colored again"))

    // Folders of results, too; pictures that only have such a name are colored.
    #expect(try colorize([source + "/deep"]).exitCode == 0)
    try RGBImage(width: 40, height: 24, color: .white).writePNG(to: source + "/hand-colored.png")
    let all = try colorize([source, "--recursive", "--out", folder.path + "/out"])
    #expect(all.exitCode == 0 && all.errorOutput.contains("2 results of earlier runs"), "\(all.errorOutput)")
    #expect(
      try files(below: folder.path + "/out") == ["top.png", "hand-colored.png", "deep/a.png", "deep/deeper/b.png"])
  }

  @Test("Existing files are skipped, and the others colored")
  func existingFilesAreSkipped() throws {
    let (source, out) = (folder.path + "/in", folder.path + "/out")
    try FileManager.default.createDirectory(atPath: out + "/deep", withIntermediateDirectories: true)
    try Data("kept".utf8).write(to: URL(filePath: out + "/deep/a.png"))
    let result = try colorize([source, "--recursive", "--out", out, "--skip-existing"])
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    #expect(result.errorOutput.contains("1 picture skipped: the colored picture is already there"))
    #expect(result.output.split(separator: "\n").count == 2)
    #expect(try Data(contentsOf: URL(filePath: out + "/deep/a.png")) == Data("kept".utf8))
    #expect(try files(below: out) == ["top.png", "deep/a.png", "deep/deeper/b.png"])
  }

  @Test("The same format is that of each picture's first bytes")
  func theSameFormat() throws {
    let (source, out) = (folder.path + "/formats", folder.path + "/out")
    try FileManager.default.createDirectory(atPath: source, withIntermediateDirectories: true)
    let image = RGBImage(width: 40, height: 24, color: RGBColor(red: 90, green: 110, blue: 130))
    try image.writePNG(to: source + "/a.png")
    try image.write(to: source + "/b.jpeg", as: .jpeg)
    try image.writePNG(to: source + "/c.jpg")
    try image.write(to: source + "/d.tiff", as: .tiff)
    try image.write(to: source + "/e.webp", as: .webp)
    // A picture of one pixel, in a format that is only read.
    let gif = Array("GIF89a".utf8) + [1, 0, 1, 0, 0x80, 0, 0, 9, 9, 9, 200, 200, 200]
    try Data(gif + [0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3B]).write(
      to: URL(filePath: source + "/f.gif"))
    let result = try colorize([source, "--out", out, "--format", "same", "--quality", "80"])
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    #expect(try files(below: out) == ["a.png", "b.jpg", "c.png", "d.tif", "e.webp", "f.png"])
    for (name, format) in [("b.jpg", ImageFormat.jpeg), ("c.png", .png), ("d.tif", .tiff), ("e.webp", .webp)] {
      #expect(ImageFormat(ofFileAt: "\(out)/\(name)") == format)
      #expect(try RGBImage(contentsOf: "\(out)/\(name)").width == 40)
    }
    for name in ["new.tif", "new.tiff", "new.webp"] {
      let file = try colorize([source + "/a.png", "--out", "\(out)/\(name)"])
      #expect(file.exitCode == 0 && ImageFormat(ofFileAt: "\(out)/\(name)") == ImageFormat(writing: name))
    }
    let beside = try colorize([source + "/b.jpeg", "--format", "same"])
    #expect(beside.output == source + "/b-colored.jpg\n", "\(beside.errorOutput)")
    let named = try colorize(["-", "-o", out + "/new.jpg", "--format", "same"], input: source + "/a.png")
    #expect(named.exitCode == 0, "\(named.errorOutput)")
  }

  @Test("A socket is read as standard input, also one that does not block")
  func aSocketIsReadAsStandardInput() throws {
    for flags in [Int32(0), Int32(SOCK_NONBLOCK.rawValue)] {
      var ends: [Int32] = [0, 0]
      try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | flags, 0, &ends) == 0)
      let (near, far) = (FileHandle(fileDescriptor: ends[0]), FileHandle(fileDescriptor: ends[1]))
      let out = "\(folder.path)/socket\(flags).png"
      let process = try RecolorProcess(
        ["colorize", folder.path + "/weights.safetensors", "-", "--out", out, "--device", "cpu"], inputHandle: far)
      try far.close()
      try near.write(contentsOf: Data(contentsOf: URL(filePath: folder.path + "/in/top.png")))
      try near.close()
      let result = try process.wait()
      #expect(result.exitCode == 0, "\(result.errorOutput)")
      #expect(try RGBImage(contentsOf: out).width == 40)
    }
  }

  @Test("Nothing is written into pictures where standard streams are closed")
  func nothingIsWrittenIntoPicturesWhereStandardStreamsAreClosed() throws {
    let (picture, out) = (folder.path + "/in/top.png", folder.path + "/new.png")
    let shell = Process()
    shell.executableURL = URL(filePath: "/bin/sh")
    shell.arguments = [
      "-c", "exec \"$0\" \"$@\" <&- >&- 2>&-", RecolorProcess.executable.path, "colorize",
      folder.path + "/weights.safetensors", picture, "--out", out, "--device", "cpu",
    ]
    try shell.run()
    shell.waitUntilExit()
    // The path of the colored picture cannot be written to standard output.
    #expect(shell.terminationStatus == 1)
    #expect(try RGBImage(contentsOf: out).width == 40)
  }

  @Test(
    "A stopped run leaves no part of a picture, and a later one removes what is left",
    arguments: [SIGINT, SIGTERM, SIGKILL])
  func aStoppedRunLeavesNoPartOfAPicture(signal: Int32) throws {
    let (source, out) = (folder.path + "/large", folder.path + "/out")
    for path in [source, out] {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
    for number in 1...3 {
      try RGBImage.colorful(width: 1500, height: 1500, level: UInt8(number)).writePNG(to: "\(source)/\(number).png")
    }
    let arguments = ["colorize", folder.path + "/weights.safetensors", source, "--out", out, "--device", "cpu"]
    // Left by a process that was killed where files need names. One of another name is not the program's.
    for name in ["1.png.4000000.tmp", "mine.png.4000000.tmp"] { try Data().write(to: URL(filePath: "\(out)/\(name)")) }
    let process = try RecolorProcess(arguments)
    let deadline = ContinuousClock.now + .seconds(60)
    while process.isRunning, ContinuousClock.now < deadline,
      !FileManager.default.fileExists(atPath: out + "/1.png")
    {
      usleep(1000)
    }
    // The second picture is decoded, colored or written now.
    usleep(.random(in: 0..<100_000))
    process.send(signal: signal)
    _ = try process.wait()
    let names = try FileManager.default.contentsOfDirectory(atPath: out)
    try #require(names.contains("1.png"), "\(names)")
    let left = names.filter { $0.hasSuffix(".tmp") }
    if signal != SIGKILL && hasUnnamedFiles(in: out) {
      // The run removed the other one at its start.
      #expect(left == ["mine.png.4000000.tmp"])
    } else {
      #expect(left.count <= 2, "\(left)")
    }
    for name in names where name.hasSuffix(".png") { #expect(try RGBImage(contentsOf: "\(out)/\(name)").width == 1500) }
    let rest = try RecolorProcess(arguments + ["--force"]).wait()
    #expect(rest.exitCode == 0, "\(rest.errorOutput)")
    #expect(
      Set(try FileManager.default.contentsOfDirectory(atPath: out))
        == ["1.png", "2.png", "3.png", "mine.png.4000000.tmp"])
  }

  /// Returns whether the file system of a folder has files without names (O_TMPFILE, which Swift does not import).
  private func hasUnnamedFiles(in folder: String) -> Bool {
    let file = open(folder, O_WRONLY | O_DIRECTORY | 0o20_000_000, 0o600)
    if file >= 0 { close(file) }
    return file >= 0
  }

  @Test("Pictures without their end are colored, cut ones only on request")
  func picturesWithoutTheirEnd() throws {
    let whole = try Data(contentsOf: URL(filePath: folder.path + "/in/top.png"))
    let (endless, cut) = (folder.path + "/endless.png", folder.path + "/cut.png")
    try whole.dropLast(12).write(to: URL(filePath: endless))
    let result = try colorize([endless])
    #expect(result.exitCode == 0 && result.output == folder.path + "/endless-colored.png\n", "\(result.errorOutput)")
    #expect(result.errorOutput.contains("\(endless): its end is missing, but none of its pixels"))
    let rows = (0..<3 * 64 * 400).map { UInt8(truncatingIfNeeded: $0 * $0 / 611) }
    let png = try RGBImage(width: 64, height: 400, bytes: rows).png()
    try Data(png[..<(png.count / 2)]).write(to: URL(filePath: cut))
    let refused = try colorize([cut])
    #expect(refused.exitCode == 1 && refused.errorLines.count == 1, "\(refused.errorOutput)")
    #expect(refused.errorOutput.contains("\(cut): the PNG image ends too early: only the first "))
    #expect(refused.errorOutput.contains("--partial"))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/cut-colored.png"))
    let part = try colorize([cut, "--partial"])
    #expect(part.exitCode == 0 && part.errorOutput.contains("\(cut): it ends too early"), "\(part.errorOutput)")
    let image = try RGBImage(contentsOf: folder.path + "/cut-colored.png")
    #expect(image.width == 64 && image.height > 100 && image.height < 300)
  }

  @Test("Pictures of other formats are passed over with a line, and named where they are given")
  func picturesOfOtherFormats() throws {
    let source = folder.path + "/in"
    try FileManager.default.copyItem(atPath: source + "/top.png", toPath: source + "/other.jfif")
    for name in ["a.psd", "b.PSD", "c.jxl"] {
      try Data(Array("8BPS\0\u{1}".utf8)).write(to: URL(filePath: "\(source)/\(name)"))
    }
    let result = try colorize([source, "--out", folder.path + "/out"])
    #expect(result.exitCode == 0 && result.errorLines.count == 1, "\(result.errorOutput)")
    #expect(
      result.errorOutput.contains(
        "warning: \(source): passed over, because they are not read: 1 JPEG XL, 2 Photoshop\n"))
    #expect(try files(below: folder.path + "/out") == ["top.png", "other.png"])
    let named = try colorize([source + "/a.psd", source + "/top.png", "--out", folder.path + "/two"])
    #expect(named.exitCode == 1 && named.errorOutput.contains("a.psd: the format Photoshop is not read"))
    #expect(try files(below: folder.path + "/two") == ["top.png"])
  }

  @Test("Without libheif, HEIC and AVIF pictures are passed over with a line, and named where they are given")
  func withoutLibheif() throws {
    let source = folder.path + "/in"
    for name in ["a.heic", "b.HEIC", "c.avif"] {
      try Data([0, 0, 0, 24] + Array("ftypheic".utf8)).write(to: URL(filePath: "\(source)/\(name)"))
    }
    let environment = ["RECOLOR_LIBHEIF": folder.path + "/missing.so"]
    let result = try colorize([source, "--out", folder.path + "/out"], environment: environment)
    #expect(result.exitCode == 0 && result.errorLines.count == 1, "\(result.errorOutput)")
    let line =
      "warning: \(source): passed over, because they are not read: 2 HEIC, 1 AVIF; HEIC: libheif cannot be loaded"
    #expect(result.errorOutput.contains(line) && result.errorOutput.contains("apt install libheif1"))
    #expect(try files(below: folder.path + "/out") == ["top.png"])
    let named = try colorize(
      [source + "/a.heic", source + "/top.png", "--out", folder.path + "/two"], environment: environment)
    #expect(named.exitCode == 1 && named.errorLines.count == 2, "\(named.errorOutput)")
    #expect(named.errorOutput.contains("a.heic: the HEIC image cannot be read: libheif cannot be loaded"))
    #expect(named.errorOutput.contains("apt install libheif1"))
    #expect(try files(below: folder.path + "/two") == ["top.png"])
  }

  @Test("A picture that is too long for a WebP file is one error, and leaves nothing")
  func longWebPPicture() throws {
    let (long, out) = (folder.path + "/long.png", folder.path + "/long.webp")
    try RGBImage(width: 16_384, height: 16, color: .white).writePNG(to: long)
    let result = try colorize([long, "--out", out])
    #expect(result.exitCode == 1 && result.errorLines.count == 1, "\(result.errorOutput)")
    #expect(result.errorOutput.contains("cannot be written as WebP: it can have at most 16383 pixels a side"))
    #expect(!FileManager.default.fileExists(atPath: out))
  }

  @Test("Contradictory arguments are refused")
  func contradictoryArgumentsAreRefused() throws {
    let (first, second) = (folder.path + "/in/top.png", folder.path + "/in/deep/a.png")
    try FileManager.default.copyItem(atPath: first, toPath: folder.path + "/top.png")
    for (arguments, named) in [
      ([first, second, "--out", folder.path + "/one.png"], "several pictures need a folder"),
      ([folder.path + "/in", "--out", "-"], "several pictures need a folder"),
      ([first, "--out", folder.path + "/new.gif"], "only PNG, JPEG, WebP and TIFF are written"),
      ([first, "--out", folder.path + "/new.heic"], "only PNG, JPEG, WebP and TIFF are written"),
      ([first, "--out", folder.path + "/.png"], "only PNG, JPEG, WebP and TIFF are written"),
      ([first, "--out", folder.path + "/new.png", "--format", "jpeg"], "--format jpeg"),
      ([first, "--out", folder.path + "/out", "--quality", "80"], "--quality"),
      ([first, "--out", folder.path + "/out", "--quality", "0", "--format", "jpeg"], "--quality 0"),
      ([first, "--out", first, "--force"], "its colored picture would replace it"),
      ([first, folder.path + "/top.png", "--out", folder.path], "would replace \(folder.path)/top.png, which is also"),
      ([first, "--skip-existing", "--force"], "--skip-existing"),
      ([first, "--skip-existing", "--out", "-"], "--skip-existing"),
      (["-", "--out", "-", "--format", "same"], "--format same"),
      ([first, "--out", folder.path + "/new.jpg", "--format", "same"], "--format png"),
      ([first, folder.path + "/top.png", "--out", folder.path + "/out"], "color them one at a time"),
      (["/"], "name one by --out"),
      (["-", "-", "--out", folder.path + "/out"], "only once"),
      ([first, "--out", folder.path + "/out", "--strength", "2.5"], "--strength 2.5"),
      ([first, "--out", folder.path + "/out", "--strength", "nan"], "--strength nan"),
      ([first, "--out", folder.path + "/out", "--strength", "1", "--raw"], "--strength"),
      ([first, "--out", folder.path + "/out", "--color-contrast", "1", "--raw"], "--color-contrast"),
    ] {
      let result = try colorize(arguments)
      #expect(result.exitCode == 64 && result.errorLines.count == 1, "\(result.errorOutput)")
      #expect(result.errorOutput.contains(named), "\(result.errorOutput)")
      #expect(result.errorOutput.contains("'recolor colorize --help'"), "\(result.errorOutput)")
    }
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/out"))
  }

  @Test("Folders without pictures are reported")
  func foldersWithoutPicturesAreReported() throws {
    let result = try colorize([folder.path + "/in/.hidden/..", folder.path + "/in/deep", "--out", folder.path + "/out"])
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    try FileManager.default.createDirectory(atPath: folder.path + "/nothing", withIntermediateDirectories: false)
    let empty = try colorize([folder.path + "/nothing", "--out", folder.path + "/out"])
    #expect(empty.exitCode == 1 && empty.errorOutput.contains("--recursive"))
  }
}
