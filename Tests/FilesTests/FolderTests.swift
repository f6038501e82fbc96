import Files
import Foundation
import TestSupport
import Testing

@Suite("Folders")
struct FolderTests {
  @Test("Folders are created and removed with their contents")
  func foldersAreCreatedAndRemovedWithTheirContents() throws {
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

  @Test("Paths in folders have one slash before the name", arguments: ["a/b", "a/b/", "/", "."])
  func pathsInFolders(folder: String) {
    let path = Folder.path(of: "name", in: folder)
    #expect(path.hasSuffix("/name") && !path.hasSuffix("//name"))
    #expect(Folder.withoutSlashes(Folder.parent(of: path)) == Folder.withoutSlashes(folder))
    #expect(Folder.withoutSlashes(folder + "//") == Folder.withoutSlashes(folder))
  }

  @Test("The first bytes of a file are all of a shorter one, and none of a missing one")
  func firstBytesOfFiles() throws {
    let path = try TemporaryFolder().path + ".file"
    defer { Folder.removeFile(path) }
    try AtomicFile.write([1, 2, 3], to: path)
    #expect(firstBytes(2, of: path) == [1, 2] && firstBytes(8, of: path) == [1, 2, 3])
    #expect(firstBytes(2, of: path + ".none").isEmpty)
  }

  @Test("A link is removed, and the folder that it names stays")
  func aLinkIsRemoved() throws {
    let folder = try TemporaryFolder()
    let (target, link) = ("\(folder.path)/target", "\(folder.path)/link")
    try Folder.create(target)
    try AtomicFile.write([1], to: "\(target)/file")
    #expect(symlink(target, link) == 0)
    Folder.remove(link)
    #expect(try Folder.names(in: folder.path) == ["target"])
    #expect(try Folder.names(in: target) == ["file"])
  }
}
