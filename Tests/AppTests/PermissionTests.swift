import Foundation
import Imaging
import TestSupport
import Testing

/// Files and folders that the user may not open or list. As root, who may, the command runs as another user.
@Suite("Permissions", .enabled(if: RecolorProcess.runsAsOrdinaryUser, "another user than root cannot run the command"))
struct PermissionTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    for name in ["deep", "out"] {
      try FileManager.default.createDirectory(
        atPath: "\(folder.path)/\(name)/deeper", withIntermediateDirectories: true)
    }
    for name in ["top.png", "deep/a.png", "deep/deeper/b.png"] {
      try RGBImage(width: 40, height: 24, color: RGBColor(red: 90, green: 110, blue: 130))
        .writePNG(to: "\(folder.path)/\(name)")
    }
    try UntrainedWeights.write(to: folder.path + "/weights.safetensors")
    try OrdinaryUser.own(folder.path)
  }

  private func colorize(_ arguments: [String], inputHandle: FileHandle? = nil) throws -> RecolorProcess.Result {
    try RecolorProcess(
      ["colorize", folder.path + "/weights.safetensors"] + arguments + ["--device", "cpu"], inputHandle: inputHandle,
      through: OrdinaryUser.command
    ).wait()
  }

  @Test("A file that was opened before is read as standard input, also where it may not be opened")
  func aFileThatMayNotBeOpenedIsReadAsStandardInput() throws {
    let (picture, out) = (folder.path + "/top.png", folder.path + "/new.png")
    let handle = try #require(FileHandle(forReadingAtPath: picture))
    #expect(chmod(picture, 0) == 0)
    let refused = try colorize([picture, "--out", out])
    #expect(refused.exitCode == 1 && refused.errorOutput.contains("\(picture): cannot be read: Permission denied"))
    let result = try colorize(["-", "--out", out], inputHandle: handle)
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    #expect(try RGBImage(contentsOf: out).width == 40)
  }

  @Test("Folders that may be written and not listed take pictures")
  func foldersThatMayNotBeListedTakePictures() throws {
    let out = folder.path + "/out"
    #expect(chmod(out, 0o333) == 0)
    defer { chmod(out, 0o700) }
    let result = try colorize([folder.path + "/top.png", "--out", out])
    #expect(result.exitCode == 0 && result.errorOutput.isEmpty, "\(result.errorOutput)")
    #expect(result.output == out + "/top.png\n")
    #expect(try RGBImage(contentsOf: out + "/top.png").width == 40)
    #expect(try colorize([folder.path + "/top.png", "--out", out]).errorOutput.contains("is already there"))
  }

  @Test("Folders that may be listed and not written are refused before the work")
  func foldersThatMayNotBeWrittenAreRefused() throws {
    let out = folder.path + "/out"
    #expect(chmod(out, 0o555) == 0)
    defer { chmod(out, 0o700) }
    let result = try colorize([folder.path + "/top.png", folder.path + "/deep/a.png", "--out", out])
    #expect(result.exitCode == 1 && result.errorLines.count == 1, "\(result.errorOutput)")
    #expect(result.errorOutput.contains("\(out): cannot be written: Permission denied"), "\(result.errorOutput)")
  }

  @Test("Unreadable folders are reported and the others colored")
  func unreadableFoldersAreReportedAndTheOthersColored() throws {
    let closed = folder.path + "/deep/deeper"
    #expect(chmod(closed, 0) == 0)
    defer { chmod(closed, 0o700) }
    let result = try colorize([folder.path + "/deep", "--recursive", "--out", folder.path + "/colored"])
    #expect(result.exitCode == 1)
    #expect(result.errorOutput.contains("\(closed): cannot be read: Permission denied"), "\(result.errorOutput)")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/colored") == ["a.png"])
  }
}
