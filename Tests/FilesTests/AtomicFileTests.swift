import Foundation
import TestSupport
import Testing

@testable import Files

@Suite("Atomic files")
struct AtomicFileTests {
  @Test("Existing files stay until the new one is committed", arguments: [false, true])
  func existingFilesStayUntilTheNewOneIsCommitted(isNamed: Bool) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/file"
    try AtomicFile.write([1, 2, 3], to: path)
    do {
      let file = try AtomicFile(path: path, isNamed: isNamed)
      try file.append([UInt8](repeating: 9, count: 100))
      #expect(try readFile(path) == [1, 2, 3])
      if isNamed { #expect(try Folder.names(in: folder.path).count == 2) }
    }
    #expect(try readFile(path) == [1, 2, 3])
    #expect(try Folder.names(in: folder.path) == ["file"])
    let file = try AtomicFile(path: path, isNamed: isNamed)
    try file.append([4])
    try file.commit()
    #expect(try readFile(path) == [4])
    #expect(try Folder.names(in: folder.path) == ["file"])
  }

  @Test(
    "Names of the greatest length are written",
    arguments: [String(repeating: "n", count: 251) + ".png", String(repeating: "ü", count: 125) + ".png"])
  func namesOfTheGreatestLengthAreWritten(name: String) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/\(name)"
    let file = try AtomicFile(path: path, isNamed: true)
    let temporary = try #require(try Folder.names(in: folder.path).first { $0 != name && $0.hasSuffix(".tmp") })
    #expect(AtomicFile.isLeftover(temporary) { $0.hasSuffix(".png") })
    try file.commit()
    #expect(try readFile(path).isEmpty)
    #expect(try Folder.names(in: folder.path) == [name])
  }

  @Test("Writers of one name do not mix their bytes", arguments: [false, true])
  func writersOfOneNameDoNotMixTheirBytes(isNamed: Bool) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/file"
    // A link that a process of the same number left, through which nothing may be written.
    try AtomicFile.write([9], to: "\(folder.path)/other")
    #expect(symlink("other", "\(path).\(getpid()).tmp") == 0)
    let first = try AtomicFile(path: path, isNamed: isNamed)
    let second = try AtomicFile(path: path, isNamed: isNamed)
    try [UInt8](repeating: 1, count: 3).withUnsafeBytes { try first.append($0) }
    try [UInt8](repeating: 2, count: 2).withUnsafeBytes { try second.append($0) }
    try first.commit()
    #expect(try readFile(path) == [1, 1, 1])
    try second.commit()
    #expect(try readFile(path) == [2, 2])
    #expect(try readFile("\(folder.path)/other") == [9])
  }

  @Test("Files that appear meanwhile are kept", arguments: [false, true])
  func filesThatAppearMeanwhileAreKept(isNamed: Bool) throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/file"
    let file = try AtomicFile(path: path, isNamed: isNamed)
    try AtomicFile.write([7], to: path)
    do {
      try file.commit(isReplacing: false)
      Issue.record("the file was replaced")
    } catch {
      #expect(error == FileError(path: path, problem: "cannot be written", reason: "it is already there"))
    }
    #expect(try readFile(path) == [7])
    #expect(try Folder.names(in: folder.path) == ["file"])
    let new = try AtomicFile(path: path + "2", isNamed: isNamed)
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

  @Test("Links under names of the program are replaced, and not their targets", arguments: [false, true])
  func linksUnderNamesOfTheProgramAreReplaced(isNamed: Bool) throws {
    let folder = try TemporaryFolder()
    let (target, link) = ("\(folder.path)/target", "\(folder.path)/link")
    try AtomicFile.write([1], to: target)
    #expect(symlink(target, link) == 0)
    let file = try AtomicFile(path: link, followingLinks: false, isNamed: isNamed)
    try file.append([2])
    try file.commit()
    #expect(try readFile(target) == [1] && readFile(link) == [2])
    #expect(Folder.exists(folder.path) && !Folder.isLink(link))
    #expect(symlink(target, "\(folder.path)/other") == 0)
    try AtomicFile.write([(path: "\(folder.path)/other", bytes: [3])])
    #expect(try readFile(target) == [1])
  }

  @Test("Leftovers of killed processes are removed, and files in use are not")
  func leftoversAreRemoved() throws {
    let folder = try TemporaryFolder()
    let file = try AtomicFile(path: "\(folder.path)/a.png", isNamed: true)
    let inUse = try #require(try Folder.names(in: folder.path).first)
    let kept = ["b.png", "b.png.tmp", "c.txt.2.tmp", "d.png.4.tmp", inUse]
    for name in ["a.png.1.tmp", "b.png.99.tmp"] + kept where name != inUse {
      try AtomicFile.write([1], to: "\(folder.path)/\(name)")
    }
    AtomicFile.removeLeftovers(in: folder.path) { $0 == "a.png" || $0 == "b.png" }
    #expect(try Folder.names(in: folder.path) == kept.sorted())
    try file.commit()
    // A link is no leftover, and its target stays.
    #expect(symlink("b.png", "\(folder.path)/a.png.3.tmp") == 0)
    AtomicFile.removeLeftovers(in: folder.path) { _ in true }
    #expect(try Folder.names(in: folder.path) == ["a.png", "a.png.3.tmp", "b.png", "b.png.tmp"])
  }

  @Test("Files without names leave nothing where the process is killed")
  func filesWithoutNamesLeaveNothing() throws {
    let folder = try TemporaryFolder()
    let file = try AtomicFile(path: "\(folder.path)/file")
    try file.append([1])
    let names = try Folder.names(in: folder.path)
    // O_TMPFILE. Some file systems have no files without names.
    let unnamed = open(folder.path, O_WRONLY | O_DIRECTORY | 0o20_000_000, 0o600)
    if unnamed >= 0 {
      close(unnamed)
      #expect(names.isEmpty)
    } else {
      #expect(names.allSatisfy { name in AtomicFile.isLeftover(name) { $0 == "file" } })
    }
    try file.commit()
    #expect(try Folder.names(in: folder.path) == ["file"])
  }

  @Test("Folders that may be written and not listed take files", arguments: [false, true])
  func foldersThatMayNotBeListedTakeFiles(isNamed: Bool) throws {
    try OrdinaryUser.run {
      let folder = try TemporaryFolder()
      let inner = "\(folder.path)/inner"
      try Folder.create(inner)
      #expect(chmod(inner, 0o333) == 0)
      defer { chmod(inner, 0o700) }
      #expect(throws: FileError.self) { try Folder.names(in: inner) }
      let file = try AtomicFile(path: "\(inner)/file", isNamed: isNamed)
      try file.append([5])
      try file.commit(isReplacing: false)
      try Folder.create("\(inner)/deeper")
      #expect(try readFile("\(inner)/file") == [5])
      #expect(Folder.exists("\(inner)/deeper"))
    }
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
