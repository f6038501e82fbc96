import Files
import Foundation
import Imaging
import TestSupport
import Testing

@testable import Data

@Suite("Image folders")
struct ImageFolderTests {
  private func write(_ width: Int, _ height: Int, _ level: UInt8, to path: String) throws {
    try RGBImage(width: width, height: height, color: RGBColor(red: level, green: 0, blue: 255)).writePNG(to: path)
  }

  @Test func imagesAreFoundSortedAndBroughtToSize() throws {
    let folder = try TemporaryFolder()
    try Folder.create("\(folder.path)/b/deep")
    try Folder.create("\(folder.path)/.hidden")
    try write(40, 20, 3, to: "\(folder.path)/c.PNG")
    try write(16, 16, 1, to: "\(folder.path)/a.png")
    try write(7, 90, 2, to: "\(folder.path)/b/deep/z.png")
    try write(16, 16, 9, to: "\(folder.path)/.hidden/x.png")
    try write(16, 16, 9, to: "\(folder.path)/.x.png")
    try AtomicFile.write([1, 2, 3], to: "\(folder.path)/notes.txt")
    // A link that leads round in a circle.
    #expect(symlink(folder.path, "\(folder.path)/b/round") == 0)
    let set = try ImageFolder.load(folder.path, width: 16, height: 32)
    #expect(set.count == 3 && set.width == 16 && set.height == 32 && set.labels == nil)
    for (index, level) in [1, 2, 3].enumerated() {
      #expect(set[index] == RGBImage(width: 16, height: 32, color: RGBColor(red: UInt8(level), green: 0, blue: 255)))
    }
    #expect(try ImageFolder.load(folder.path, width: 16, height: 16, limit: 2).count == 2)
  }

  @Test func foldersWithoutImagesAndBrokenImagesAreNamed() throws {
    let folder = try TemporaryFolder()
    #expect(throws: DataError.noImages(folder: folder.path)) {
      _ = try ImageFolder.load(folder.path, width: 16, height: 16)
    }
    #expect(
      throws: DataError.file(
        FileError(path: "/no/such", problem: "cannot be read", reason: "No such file or directory"))
    ) {
      _ = try ImageFolder.load("/no/such", width: 16, height: 16)
    }
    try write(8, 8, 0, to: "\(folder.path)/a.png")
    let path = "\(folder.path)/b.jpg"
    try AtomicFile.write(Array("no image".utf8), to: path)
    #expect(throws: DataError.image(.unknownFormat(path: path))) {
      _ = try ImageFolder.load(folder.path, width: 16, height: 16)
    }
  }
}
