import Files
import Foundation
import TestSupport
import Testing

@Suite("Files")
struct FilesTests {
  @Test func theOldFileStaysUntilTheNewOneIsWhole() throws {
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

  @Test func aLinkKeepsLeadingToTheFile() throws {
    let folder = try TemporaryFolder()
    try AtomicFile.write([1], to: "\(folder.path)/file")
    try FileManager.default.createSymbolicLink(
      atPath: "\(folder.path)/link", withDestinationPath: "\(folder.path)/file")
    try AtomicFile.write([2], to: "\(folder.path)/link")
    #expect(try readFile("\(folder.path)/file") == [2])
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder.path)/link") == "\(folder.path)/file")
  }

  @Test func aPipeIsNotReplaced() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/pipe"
    #expect(mkfifo(path, 0o600) == 0)
    #expect(throws: FileError.self) { try AtomicFile.write([1], to: path) }
    #expect(try Folder.names(in: folder.path) == ["pipe"])
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "needs /dev/full"))
  func aFullDiskIsAnError() throws {
    let full = try FileDescriptor(path: "/dev/full", flags: O_WRONLY)
    let bytes = [UInt8](repeating: 0, count: 10)
    #expect(throws: FileError(path: "/dev/full", problem: "cannot be written", reason: "No space left on device")) {
      try bytes.withUnsafeBufferPointer { try full.append(UnsafeRawBufferPointer($0)) }
    }
  }

  @Test func filesLargerThanTheLimitAreRefused() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/file"
    try AtomicFile.write([UInt8](0..<200), to: path)
    #expect(try readFile(path, limit: 200).count == 200)
    #expect(throws: FileError(path: path, problem: "cannot be read", reason: "it is larger than 199 bytes")) {
      try readFile(path, limit: 199)
    }
  }

  @Test func foldersAreMadeAndRemovedWithWhatTheyHold() throws {
    let folder = try TemporaryFolder()
    let inner = "\(folder.path)/a/b/c"
    try Folder.create(inner)
    try Folder.create(inner)
    try AtomicFile.write([1], to: "\(folder.path)/kept")
    try AtomicFile.write([1], to: "\(inner)/file")
    #expect(symlink("\(folder.path)/kept", "\(inner)/link") == 0)
    #expect(Folder.exists(inner) && Folder.holdsFile("\(inner)/link"))
    #expect(try Folder.names(in: inner) == ["file", "link"])
    #expect(symlink(inner, "\(folder.path)/a/round") == 0)
    #expect(Folder.exists("\(folder.path)/a/round"))
    #expect(!Folder.exists("\(folder.path)/a/round", followingLinks: false))
    #expect(Folder.exists(inner, followingLinks: false))
    Folder.remove("\(folder.path)/a")
    #expect(try Folder.names(in: folder.path) == ["kept"])
    #expect(throws: FileError(path: "\(folder.path)/kept", problem: "cannot be made", reason: "File exists")) {
      try Folder.create("\(folder.path)/kept/x")
    }
  }
}
