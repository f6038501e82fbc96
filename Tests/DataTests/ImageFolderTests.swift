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

  @Test("Images are sorted and resized")
  func sortedAndResized() throws {
    let folder = try TemporaryFolder()
    try Folder.create("\(folder.path)/b/deep")
    try Folder.create("\(folder.path)/.hidden")
    try write(40, 20, 3, to: "\(folder.path)/c.PNG")
    try write(16, 16, 1, to: "\(folder.path)/a.png")
    try write(7, 90, 2, to: "\(folder.path)/b/deep/z.png")
    try write(16, 16, 9, to: "\(folder.path)/.hidden/x.png")
    try write(16, 16, 9, to: "\(folder.path)/.x.png")
    try AtomicFile.write([1, 2, 3], to: "\(folder.path)/notes.txt")
    // A link that makes a cycle.
    #expect(symlink(folder.path, "\(folder.path)/b/round") == 0)
    let set = try ImageFolder.load(folder.path, width: 16, height: 32, cache: nil).dataset
    #expect(set.count == 3 && set.width == 16 && set.height == 32 && set.labels == nil)
    for (index, level) in [1, 2, 3].enumerated() {
      #expect(set[index] == RGBImage(width: 16, height: 32, color: RGBColor(red: UInt8(level), green: 0, blue: 255)))
    }
  }

  @Test("Images without the end of their file are used, cut ones are left out")
  func imagesWithoutTheEndOfTheirFile() throws {
    let folder = try TemporaryFolder()
    let image = RGBImage(width: 16, height: 16, bytes: (0..<768).map { UInt8(truncatingIfNeeded: $0 * 37) })
    let output = MemoryOutput()
    try image.write(to: output, as: .jpeg, name: "test")
    let (png, jpeg) = (try image.png(), output.bytes)
    try AtomicFile.write(Array(png.dropLast(12)), to: "\(folder.path)/a.png")
    try AtomicFile.write(jpeg.dropLast(2) + [0, 0] + Array("SEFT".utf8), to: "\(folder.path)/b.jpg")
    try AtomicFile.write(Array(png[..<(png.count / 2)]), to: "\(folder.path)/c.png")
    let contents = try ImageFolder.load(folder.path, width: 16, height: 16, cache: nil)
    #expect(contents.dataset.count == 2 && contents.dataset[0] == image)
    #expect(contents.dataset[1] == (try RGBImage(encoded: jpeg, name: "whole")))
    #expect(contents.unreadable.map(\.path) == ["\(folder.path)/c.png"])
  }

  @Test("Pictures of other formats are counted")
  func picturesOfOtherFormats() throws {
    let folder = try TemporaryFolder()
    for name in ["a.jxl", "b.psd", "notes.txt"] { try AtomicFile.write([1, 2, 3], to: "\(folder.path)/\(name)") }
    #expect(throws: DataError.onlyUnread(folder: folder.path, kinds: "1 JPEG XL, 1 Photoshop")) {
      _ = try ImageFolder.load(folder.path, width: 16, height: 16, cache: nil)
    }
    try write(16, 16, 1, to: "\(folder.path)/c.jfif")
    #expect(symlink("missing.png", "\(folder.path)/dangling.png") == 0)
    let contents = try ImageFolder.load(folder.path, width: 16, height: 16, cache: nil)
    #expect(contents.dataset.count == 1)
    #expect(contents.passedOver.description == "1 JPEG XL, 1 Photoshop, 1 that are no ordinary files")
  }

  @Test("Folders without images are named")
  func withoutImages() throws {
    let folder = try TemporaryFolder()
    #expect(throws: DataError.noImages(folder: folder.path)) {
      _ = try ImageFolder.load(folder.path, width: 16, height: 16, cache: nil)
    }
    #expect(
      throws: DataError.file(
        FileError(path: "/no/such", problem: "cannot be read", reason: "No such file or directory"))
    ) {
      _ = try ImageFolder.load("/no/such", width: 16, height: 16, cache: nil)
    }
  }

  @Test("Unreadable folders are left out")
  func unreadableFolders() throws {
    try OrdinaryUser.run {
      let folder = try TemporaryFolder()
      let closed = "\(folder.path)/closed"
      for name in ["closed", "open"] {
        try Folder.create("\(folder.path)/\(name)")
        try write(8, 8, 1, to: "\(folder.path)/\(name)/1.png")
      }
      #expect(chmod(closed, 0) == 0)
      defer { chmod(closed, 0o700) }
      let contents = try ImageFolder.load(folder.path, width: 16, height: 16, cache: nil)
      #expect(contents.dataset.count == 1)
      #expect(contents.unreadable == [.init(path: closed, reason: "\(closed): cannot be read: Permission denied")])
      Folder.remove("\(folder.path)/open")
      #expect(
        throws: DataError.file(FileError(path: closed, problem: "cannot be read", reason: "Permission denied"))
      ) {
        _ = try ImageFolder.load(folder.path, width: 16, height: 16, cache: nil)
      }
    }
  }

  @Test("Damaged images are left out with their labels")
  func damagedImages() throws {
    let folder = try TemporaryFolder()
    for (index, name) in ["cat/1", "cat/2", "dog/3", "eel/deep/4"].enumerated() {
      try Folder.create("\(folder.path)/eel/deep")
      try Folder.create("\(folder.path)/\(name.prefix { $0 != "/" })")
      try write(8, 8, UInt8(index), to: "\(folder.path)/\(name).png")
    }
    let broken = "\(folder.path)/cat/15.jpg"
    try AtomicFile.write(Array("no image".utf8), to: broken)
    let truncated = "\(folder.path)/dog/2.png"
    try AtomicFile.write(Array(try readFile("\(folder.path)/dog/3.png").dropLast(30)), to: truncated)
    for cache in [nil, ImageCache(folder: "\(folder.path)/.cache")] {
      for _ in 0..<2 {
        let contents = try ImageFolder.load(folder.path, width: 16, height: 16, cache: cache)
        let set = contents.dataset
        #expect(set.classNames == ["cat", "dog", "eel"])
        #expect(set.labels == [0, 0, 1, 2])
        #expect((0..<4).allSatisfy { set[$0][3, 3].red == UInt8($0) })
        #expect(contents.unreadable.map(\.path) == [broken, truncated])
        #expect(contents.unreadable[0].reason == ImageError.unknownFormat(path: broken).description)
        #expect(contents.unreadable[1].reason.contains(truncated))
      }
    }
  }

  @Test("Without readable images the first reason is reported", arguments: [true, false])
  func withoutReadableImages(cached: Bool) throws {
    let folder = try TemporaryFolder()
    for name in ["a.png", "b.png"] { try AtomicFile.write([1, 2], to: "\(folder.path)/\(name)") }
    let reason = ImageError.unknownFormat(path: "\(folder.path)/a.png").description
    let cache = cached ? ImageCache(folder: "\(folder.path)/.cache") : nil
    for _ in 0..<2 {
      #expect(throws: DataError.noReadableImages(folder: folder.path, count: 2, reason: reason)) {
        _ = try ImageFolder.load(folder.path, width: 16, height: 16, cache: cache)
      }
    }
  }

  @Test("Toned images are left out with their labels")
  func tonedImages() throws {
    let folder = try TemporaryFolder()
    for name in ["cat", "dog"] { try Folder.create("\(folder.path)/\(name)") }
    let colors = [("cat/1", 40), ("cat/3", 80), ("dog/5", 120)].map { ($0.0, UInt8($0.1)) }
    for (name, level) in colors {
      try RGBImage.colorful(width: 24, height: 20, level: level).writePNG(to: "\(folder.path)/\(name).png")
    }
    for name in ["cat/2", "dog/4"] {
      try RGBImage.colorful(width: 24, height: 20, level: 60).gray.writePNG(to: "\(folder.path)/\(name).png")
    }
    let broken = "\(folder.path)/dog/3.jpg"
    try AtomicFile.write(Array("no image".utf8), to: broken)
    for cache in [nil, ImageCache(folder: "\(folder.path)/.cache")] {
      for _ in 0..<2 {
        let contents = try ImageFolder.load(folder.path, width: 16, height: 16, toned: .drop, cache: cache)
        #expect(contents.tonedCount == 2 && contents.unreadable.map(\.path) == [broken])
        #expect(contents.dataset.labels == [0, 0, 1])
        #expect((0..<3).map { contents.dataset[$0][3, 3].green } == colors.map(\.1))
        let all = try ImageFolder.load(folder.path, width: 16, height: 16, cache: cache)
        #expect(all.tonedCount == 0 && all.dataset.count == 5)
      }
    }
  }

  @Test("A folder of toned images alone is an error", arguments: [true, false])
  func onlyTonedImages(cached: Bool) throws {
    let folder = try TemporaryFolder()
    for level in 1...3 { try write(8, 8, UInt8(level), to: "\(folder.path)/\(level).png") }
    try AtomicFile.write([1, 2], to: "\(folder.path)/broken.png")
    let cache = cached ? ImageCache(folder: "\(folder.path)/.cache") : nil
    for _ in 0..<2 {
      #expect(throws: DataError.onlyToned(folder: folder.path, count: 3)) {
        _ = try ImageFolder.load(folder.path, width: 16, height: 16, toned: .drop, cache: cache)
      }
    }
  }

  @Test(
    "Folders for training, validation and testing are recognized by their usual names",
    arguments: [
      (["train", "val", "test"], FolderParts(training: "train", validation: "val", test: "test")),
      (["train", "valid"], FolderParts(training: "train", validation: "valid")),
      (["Training", "Validation"], FolderParts(training: "Training", validation: "Validation")),
      (["TRAIN", "train", "testing"], FolderParts(training: "train", test: "testing")),
      (["train", "car"], nil), (["val", "test"], nil), ([], nil),
    ] as [([String], FolderParts?)])
  func parts(names: [String], parts: FolderParts?) throws {
    let folder = try TemporaryFolder()
    for name in names { try Folder.create("\(folder.path)/\(name)") }
    // A file of the name is no part.
    if !names.contains("test") { try AtomicFile.write([1], to: "\(folder.path)/test") }
    #expect(FolderParts(of: folder.path) == parts)
  }

  @Test("The images of a folder for validation come last, and are held out", arguments: [true, false])
  func heldOutImages(cached: Bool) throws {
    let folder = try TemporaryFolder()
    for (level, name) in ["val/cat/1", "train/dog/2", "train/cat/3", "test/cat/4", "5", "val/dog/6"].enumerated() {
      let path = "\(folder.path)/\(name).png"
      try Folder.create(Folder.parent(of: path))
      try write(8, 8, UInt8(level), to: path)
    }
    let broken = "\(folder.path)/val/cat/broken.png"
    try AtomicFile.write([1], to: broken)
    let cache = cached ? ImageCache(folder: "\(folder.path)/.cache") : nil
    let contents = try ImageFolder.load(folder.path, parts: ["train", "val"], width: 16, height: 16, cache: cache)
    let set = contents.dataset
    #expect((0..<set.count).map { set[$0][3, 3].red } == [2, 1, 0, 5])
    #expect(set.heldOutCount == 2)
    #expect(set.classNames == ["cat", "dog"] && set.labels == [0, 1, 0, 1])
    #expect(contents.unreadable.map(\.path) == [broken])
    let heldOut = set.slice(2..<4, name: "val")
    #expect(heldOut.count == 2 && heldOut[1] == set[3] && heldOut.labels == [0, 1] && heldOut.heldOutCount == nil)
  }

  @Test("Photographs give several images of their class", arguments: [true, false])
  func severalImages(cached: Bool) throws {
    let folder = try TemporaryFolder()
    let sizes = [("train/cat/1", 30, 20), ("train/dog/2", 20, 20), ("val/cat/3", 20, 60), ("val/dog/4", 20, 20)]
    var expected: [RGBImage] = []
    for (index, (name, width, height)) in sizes.enumerated() {
      let image = RGBImage.colorful(width: width, height: height, level: UInt8(40 * index + 20))
      let path = "\(folder.path)/\(name).png"
      try Folder.create(Folder.parent(of: path))
      try image.writePNG(to: path)
      expected += image.tiles(width: 16, height: 16)
    }
    let gray = RGBImage.colorful(width: 40, height: 20, level: 60).gray
    try gray.writePNG(to: "\(folder.path)/train/cat/0.png")
    let cache = cached ? ImageCache(folder: "\(folder.path)/.cache") : nil
    for number in 0..<2 {
      let contents = try ImageFolder.load(
        folder.path, parts: ["train", "val"], width: 16, height: 16, crop: .all, toned: .drop, cache: cache)
      #expect(contents.isFromCache == (cached && number > 0))
      let set = contents.dataset
      #expect((0..<set.count).map { set[$0] } == expected)
      #expect(set.pieceCounts == [2, 1, 3, 1] && set.photographCount == 4 && set.heldOutCount == 2)
      #expect(set.labels == [0, 0, 1, 0, 0, 0, 1])
      let center = try ImageFolder.load(
        folder.path, parts: ["train", "val"], width: 16, height: 16, toned: .drop, cache: cache
      ).dataset
      #expect(center.count == 4 && center.photographCount == 4 && center.pieceCounts == nil)
    }
  }

  @Test("A part without images is named")
  func partsWithoutImages() throws {
    let folder = try TemporaryFolder()
    for name in ["train", "val"] { try Folder.create("\(folder.path)/\(name)") }
    try write(8, 8, 1, to: "\(folder.path)/train/1.png")
    #expect(throws: DataError.noImages(folder: "\(folder.path)/val")) {
      _ = try ImageFolder.load(folder.path, parts: ["train", "val"], width: 16, height: 16, cache: nil)
    }
    try AtomicFile.write([1], to: "\(folder.path)/val/1.png")
    let reason = ImageError.unknownFormat(path: "\(folder.path)/val/1.png").description
    #expect(throws: DataError.noReadableImages(folder: "\(folder.path)/val", count: 1, reason: reason)) {
      _ = try ImageFolder.load(folder.path, parts: ["train", "val"], width: 16, height: 16, cache: nil)
    }
  }

  @Test("Classes are the folders of the first level")
  func classes() {
    let classes = FolderClasses(["b/1.png", "b/c/2.png", "é/3.png", "a/4.png"])
    #expect(classes?.names == ["a", "b", "é"])
    #expect(classes?.labels == [1, 1, 2, 0])
    // A single folder, and images outside the folders, give no classes.
    #expect(FolderClasses(["a/1.png", "a/b/2.png"]) == nil)
    #expect(FolderClasses(["a/1.png", "b/2.png", "3.png"]) == nil)
    #expect(FolderClasses((0..<300).map { "\($0)/x.png" })?.names.count == 300)
  }

  /// More images than a chunk holds, decoded on all cores.
  @Test("Many images keep their order")
  func order() throws {
    let folder = try TemporaryFolder()
    let count = 150
    for index in 0..<count {
      let digits = "\(1000 + index)"
      try write(8, 8, UInt8(index), to: "\(folder.path)/\(digits).png")
    }
    var steps: [ImageFolder.Progress] = []
    let contents = try ImageFolder.load(folder.path, width: 16, height: 16, cache: nil) { steps.append($0) }
    #expect((0..<count).allSatisfy { contents.dataset[$0][0, 0].red == UInt8($0) })
    #expect(steps.first == .decoding(done: 0, total: count))
  }

  @Test("Pipes are left out", .timeLimit(.minutes(1)))
  func pipes() throws {
    let folder = try TemporaryFolder()
    #expect(mkfifo("\(folder.path)/a.png", 0o600) == 0)
    try write(8, 8, 1, to: "\(folder.path)/b.png")
    #expect(try ImageFolder.load(folder.path, width: 16, height: 16, cache: nil).dataset.count == 1)
  }
}
