import Files
import Foundation
import TestSupport
import Testing

@Suite("Atomic files")
struct AtomicFileTests {
  @Test("Existing files stay until the new one is committed")
  func existingFilesStayUntilTheNewOneIsCommitted() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/file"
    try AtomicFile.write([1, 2, 3], to: path)
    do {
      let file = try AtomicFile(path: path)
      try [UInt8](repeating: 9, count: 100).withUnsafeBytes { try file.append($0) }
      #expect(try readFile(path) == [1, 2, 3])
      #expect(try Folder.names(in: folder.path).count == 2)
    }
    #expect(try readFile(path) == [1, 2, 3])
    #expect(try Folder.names(in: folder.path) == ["file"])
    try AtomicFile.write([4], to: path)
    #expect(try readFile(path) == [4])
    #expect(try Folder.names(in: folder.path) == ["file"])
  }

  @Test(
    "Names of the greatest length are written",
    arguments: [String(repeating: "n", count: 251) + ".png", String(repeating: "ü", count: 125) + ".png"])
  func namesOfTheGreatestLengthAreWritten(name: String) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/\(name)"
    let file = try AtomicFile(path: path)
    let temporary = try #require(try Folder.names(in: folder.path).first { $0 != name && $0.hasSuffix(".tmp") })
    #expect(AtomicFile.isLeftover(temporary) { $0.hasSuffix(".png") })
    try file.commit()
    #expect(try readFile(path).isEmpty)
    #expect(try Folder.names(in: folder.path) == [name])
  }

  @Test("Writers of one name do not mix their bytes")
  func writersOfOneNameDoNotMixTheirBytes() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/file"
    // A link that a process of the same number left, through which nothing may be written.
    try AtomicFile.write([9], to: "\(folder.path)/other")
    #expect(symlink("other", "\(path).\(getpid()).tmp") == 0)
    let first = try AtomicFile(path: path)
    let second = try AtomicFile(path: path)
    try [UInt8](repeating: 1, count: 3).withUnsafeBytes { try first.append($0) }
    try [UInt8](repeating: 2, count: 2).withUnsafeBytes { try second.append($0) }
    try first.commit()
    #expect(try readFile(path) == [1, 1, 1])
    try second.commit()
    #expect(try readFile(path) == [2, 2])
    #expect(try readFile("\(folder.path)/other") == [9])
  }

  @Test("Files that appear meanwhile are kept")
  func filesThatAppearMeanwhileAreKept() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/file"
    let file = try AtomicFile(path: path)
    try AtomicFile.write([7], to: path)
    do {
      try file.commit(isReplacing: false)
      Issue.record("the file was replaced")
    } catch {
      #expect(error == FileError(path: path, problem: "cannot be written", reason: "it is already there"))
    }
    #expect(try readFile(path) == [7])
    #expect(try Folder.names(in: folder.path) == ["file"])
    let new = try AtomicFile(path: path + "2")
    try new.commit(isReplacing: false)
    #expect(try Folder.names(in: folder.path) == ["file", "file2"])
  }

  @Test("Links are followed")
  func linksAreFollowed() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write([1], to: "\(folder.path)/file")
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder.path)/link", withDestinationPath: "\(folder.path)/file")
    try AtomicFile.write([2], to: "\(folder.path)/link")
    #expect(try readFile("\(folder.path)/file") == [2])
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder.path)/link") == "\(folder.path)/file")
  }

  @Test("Pipes are not replaced")
  func pipesAreNotReplaced() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/pipe"
    #expect(mkfifo(path, 0o600) == 0)
    #expect(throws: FileError.self) { try AtomicFile.write([1], to: path) }
    #expect(try Folder.names(in: folder.path) == ["pipe"])
  }
}
