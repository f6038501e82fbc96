import Foundation
import TestSupport
import Testing

/// `make demo` replaces the files of an earlier one, and no others.
@Suite("make demo")
struct DemoTests {
  @Test("Folders with other files are refused")
  func foldersWithOtherFilesAreRefused() throws {
    let folder = try TemporaryFolder()
    let letter = folder.path + "/autoencoder/letter.txt"
    try FileManager.default.createDirectory(atPath: folder.path + "/autoencoder", withIntermediateDirectories: true)
    try Data("dear".utf8).write(to: URL(filePath: letter))
    let demo = Process()
    demo.executableURL = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Scripts/demo")
    demo.arguments = [folder.path]
    let errors = Pipe()
    demo.standardError = errors
    try demo.run()
    let message = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    demo.waitUntilExit()
    #expect(demo.terminationStatus == 1)
    #expect(message.contains(folder.path))
    #expect(try Data(contentsOf: URL(filePath: letter)) == Data("dear".utf8))
  }
}
