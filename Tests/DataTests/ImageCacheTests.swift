import Files
import Foundation
import Imaging
import Runtime
import TestSupport
import Testing

@testable import Data

@Suite("Cache of decoded images")
struct ImageCacheTests {
  private let folder: TemporaryFolder
  private let photographs: String
  private let cache: ImageCache

  init() throws {
    folder = try TemporaryFolder()
    photographs = "\(folder.path)/photographs"
    cache = ImageCache(folder: "\(folder.path)/cache/images")
    try Folder.create("\(photographs)/a")
    for index in 0..<5 { try write(UInt8(index), to: "a/\(index).png") }
  }

  private func write(_ level: UInt8, to name: String) throws {
    try RGBImage(width: 20, height: 20, color: RGBColor(red: level, green: 0, blue: 9))
      .writePNG(to: "\(photographs)/\(name)")
  }

  private func load(_ place: String? = nil, size: Int = 16) throws -> ImageFolder.Contents {
    try ImageFolder.load(place ?? photographs, width: size, height: size, cache: cache)
  }

  /// Red of each image, and whether it came from the cache.
  private func levels(_ place: String? = nil) throws -> (levels: [UInt8], isFromCache: Bool) {
    let contents = try load(place)
    return ((0..<contents.dataset.count).map { contents.dataset[$0][7, 7].red }, contents.isFromCache)
  }

  private func expectLevels(
    _ expected: [UInt8], fromCache: Bool, _ place: String? = nil, at location: SourceLocation = #_sourceLocation
  ) throws {
    let found = try levels(place)
    #expect(found.levels == expected, sourceLocation: location)
    #expect(found.isFromCache == fromCache, sourceLocation: location)
  }

  private func files(_ ending: String) throws -> [String] {
    try Folder.names(in: cache.folder).filter { $0.hasSuffix(ending) }.map { "\(cache.folder)/\($0)" }
  }

  @Test("Images are decoded once")
  func decodedOnce() throws {
    let first = try load()
    #expect(!first.isFromCache)
    let second = try load()
    #expect(second.isFromCache)
    #expect(second.dataset.bytes == first.dataset.bytes)
    #expect(!second.dataset.bytes.isInMemory)
    let plain = try ImageFolder.load(photographs, width: 16, height: 16, cache: nil)
    #expect(plain.dataset.bytes.isInMemory)
    #expect(plain.dataset.bytes == first.dataset.bytes)
    for contents in [first, second, plain] {
      let digest = try contents.dataset.bytes.withUnsafeBytes { try SHA256.hexadecimal(of: $0) }
      #expect(try DataFingerprint(of: contents.dataset).sha256 == digest)
    }
    // Another size is kept in another file.
    #expect(try !load(size: 32).isFromCache)
    #expect(try load().isFromCache)
    #expect(try files(".images").count == 2 && files(".index").count == 1)
    // No temporary file is left.
    #expect(try Folder.names(in: cache.folder).count == 3)
  }

  /// A file of all images stays as it is, and valid, where another without toned images is written.
  @Test("Toned images have a file of their own kind")
  func tonedImages() throws {
    try RGBImage.colorful(width: 20, height: 20, level: 90).writePNG(to: "\(photographs)/a/5.png")
    let all = try load()
    let path = try #require(try files(".images").first)
    let bytes = try readFile(path)
    func withoutToned() throws -> ImageFolder.Contents {
      try ImageFolder.load(photographs, width: 16, height: 16, toned: .drop, cache: cache)
    }
    let first = try withoutToned()
    #expect(!first.isFromCache && first.dataset.count == 1 && first.tonedCount == 5)
    let second = try withoutToned()
    #expect(second.isFromCache && second.tonedCount == 5)
    #expect(try DataFingerprint(of: second.dataset) == DataFingerprint(of: first.dataset))
    #expect(try DataFingerprint(of: second.dataset) != DataFingerprint(of: all.dataset))
    #expect(try load().isFromCache)
    #expect(try files(".images").count == 2)
    #expect(try readFile(path) == bytes)
    // Each kind replaces its own file only.
    try write(50, to: "a/6.png")
    _ = try load()
    #expect(try files(".images").count == 2)
    #expect(try withoutToned().tonedCount == 6)
    #expect(try files(".images").count == 2)
  }

  @Test("Changed files are decoded again")
  func changedFiles() throws {
    try expectLevels([0, 1, 2, 3, 4], fromCache: false)
    // With the same number of bytes and the time of modification restored.
    let path = "\(photographs)/a/2.png"
    var status = stat()
    #expect(stat(path, &status) == 0)
    try write(77, to: "a/2.png")
    var changed = stat()
    #expect(stat(path, &changed) == 0 && changed.st_size == status.st_size)
    let times = [status.st_atim, status.st_mtim]
    #expect(utimensat(AT_FDCWD, path, times, 0) == 0)
    try expectLevels([0, 1, 77, 3, 4], fromCache: false)
    try expectLevels([0, 1, 77, 3, 4], fromCache: true)
    // The replaced file is removed.
    #expect(try files(".images").count == 1)
    // Written in place, with the same inode.
    let bytes = try readFile("\(photographs)/a/4.png")
    let handle = try #require(FileHandle(forWritingAtPath: path))
    try handle.write(contentsOf: bytes)
    try handle.truncate(atOffset: UInt64(bytes.count))
    try handle.close()
    try expectLevels([0, 1, 4, 3, 4], fromCache: false)
  }

  @Test("Added, removed and renamed files are noticed")
  func changedFolder() throws {
    _ = try load()
    try write(50, to: "a/15.png")
    try expectLevels([0, 1, 50, 2, 3, 4], fromCache: false)
    try FileManager.default.removeItem(atPath: "\(photographs)/a/0.png")
    try expectLevels([1, 50, 2, 3, 4], fromCache: false)
    try FileManager.default.moveItem(atPath: "\(photographs)/a/1.png", toPath: "\(photographs)/a/9.png")
    try expectLevels([50, 2, 3, 4, 1], fromCache: false)
    // A move to another folder changes the class.
    try Folder.create("\(photographs)/b")
    try FileManager.default.moveItem(atPath: "\(photographs)/a/9.png", toPath: "\(photographs)/b/9.png")
    let contents = try load()
    #expect(!contents.isFromCache && contents.dataset.labels == [0, 0, 0, 0, 1])
  }

  @Test("Touched and moved files are not decoded again")
  func touchedFiles() throws {
    _ = try load()
    for index in 0..<5 { #expect(utimensat(AT_FDCWD, "\(photographs)/a/\(index).png", nil, 0) == 0) }
    try expectLevels([0, 1, 2, 3, 4], fromCache: true)
    let moved = "\(folder.path)/moved"
    try FileManager.default.moveItem(atPath: photographs, toPath: moved)
    try expectLevels([0, 1, 2, 3, 4], fromCache: true, moved)
  }

  /// Errors name the present paths, and not those at the time when the cache was written.
  @Test("Damaged files are named by their present paths")
  func damagedFiles() throws {
    try AtomicFile.write([1, 2, 3], to: "\(photographs)/a/7.png")
    _ = try load()
    let moved = "\(folder.path)/moved"
    try FileManager.default.moveItem(atPath: photographs, toPath: moved)
    let contents = try load(moved)
    #expect(contents.isFromCache && contents.dataset.count == 5)
    #expect(contents.unreadable.map(\.path) == ["\(moved)/a/7.png"])
    #expect(contents.unreadable.allSatisfy { $0.reason.hasPrefix($0.path + ":") })
  }

  @Test("Files with an entry in the index are not read")
  func indexedFiles() throws {
    let names = (0..<5).map { "a/\($0).png" }
    // With times of modification in the past.
    let past = [timespec(tv_sec: time(nil) - 1000, tv_nsec: 0), timespec(tv_sec: time(nil) - 1000, tv_nsec: 0)]
    for name in names { #expect(utimensat(AT_FDCWD, "\(photographs)/\(name)", past, 0) == 0) }
    var index = ContentIndex()
    let contents = try index.contents(of: names, in: photographs) { _ in }
    #expect(contents.count == 5 && Set(contents.map { "\($0)" }).count == 5)
    // The inodes were changed less than two seconds ago.
    #expect(index.entries.isEmpty)
    // Until that is longer ago, whatever the resolution of the file system's clock.
    sleep(4)
    #expect(try index.contents(of: names, in: photographs) { _ in } == contents)
    #expect(index.entries.count == 5)
    index.images["16x16"] = "some"
    let path = "\(folder.path)/index"
    try index.write(to: path)
    var read = ContentIndex(reading: path)
    #expect(read == index)
    // No file is read.
    var steps: [ImageFolder.Progress] = []
    #expect(try read.contents(of: names, in: photographs) { steps.append($0) } == contents)
    #expect(steps.isEmpty)

    var bytes = try readFile(path)
    for place in [0, bytes.count / 2, bytes.count - 5] {
      bytes[place] ^= 1
      try AtomicFile.write(bytes, to: path)
      #expect(ContentIndex(reading: path) == ContentIndex())
      bytes[place] ^= 1
    }
    for count in [0, 1, 40, bytes.count - 1] {
      try AtomicFile.write(Array(bytes.prefix(count)), to: path)
      #expect(ContentIndex(reading: path) == ContentIndex())
    }
    try AtomicFile.write(bytes, to: path)
    #expect(ContentIndex(reading: path) == index)
  }

  @Test("Damaged cache files are written again")
  func damagedCache() throws {
    _ = try load()
    let images = try #require(try files(".images").first)
    let index = try #require(try files(".index").first)
    let whole = try readFile(images)
    var damaged: [[UInt8]] = [[], Array(whole.prefix(100)), Array(whole.dropLast()), whole + [0]]
    // The magic, the length, the digest, an image, the description.
    for place in [0, 9, 15, 20, 4096, 4096 + 5 * 768 - 1, whole.count - 3] {
      var bytes = whole
      bytes[place] ^= 0x80
      damaged.append(bytes)
    }
    for bytes in damaged {
      try AtomicFile.write(bytes, to: images)
      try expectLevels([0, 1, 2, 3, 4], fromCache: false)
      #expect(try readFile(images) == whole)
      try expectLevels([0, 1, 2, 3, 4], fromCache: true)
    }
    try AtomicFile.write([1, 2, 3], to: index)
    try expectLevels([0, 1, 2, 3, 4], fromCache: true)
  }

  @Test("A file with the images of another number of files is written again")
  func fileOfOtherImages() throws {
    let fewer = "\(folder.path)/fewer"
    try Folder.create(fewer)
    try RGBImage(width: 20, height: 20, color: RGBColor(red: 70, green: 0, blue: 9)).writePNG(to: "\(fewer)/1.png")
    try expectLevels([70], fromCache: false, fewer)
    let foreign = try #require(try files(".images").first)
    try expectLevels([0, 1, 2, 3, 4], fromCache: false)
    let own = try #require(try files(".images").first { $0 != foreign })
    try FileManager.default.removeItem(atPath: own)
    try FileManager.default.copyItem(atPath: foreign, toPath: own)
    try expectLevels([0, 1, 2, 3, 4], fromCache: false)
    try expectLevels([0, 1, 2, 3, 4], fromCache: true)
  }

  @Test("Without a writable folder images are in memory")
  func withoutFolder() throws {
    // A file has the name of the folder.
    try AtomicFile.write([1], to: "\(folder.path)/cache")
    for _ in 0..<2 {
      let contents = try load()
      #expect(contents.dataset.bytes.isInMemory && contents.dataset.count == 5)
    }
    #expect(ImageCache.standard(environment: ["RECOLOR_CACHE": "", "HOME": "/root"]) == nil)
    #expect(ImageCache.standard(environment: ["RECOLOR_CACHE": "/x"])?.folder == "/x/images")
  }

  private func mode(_ path: String) throws -> mode_t {
    var status = stat()
    try #require(stat(path, &status) == 0)
    return status.st_mode & 0o777
  }

  @Test("Only the user may read the cache")
  func privacy() throws {
    try expectLevels([0, 1, 2, 3, 4], fromCache: false)
    #expect(try mode(cache.folder) == 0o700)
    for file in try files("") { #expect(try mode(file) == 0o600, "\(file)") }
    // As an earlier version left it.
    #expect(chmod(cache.folder, 0o755) == 0)
    try expectLevels([0, 1, 2, 3, 4], fromCache: true)
    #expect(try mode(cache.folder) == 0o700)
  }

  @Test("A cache that others may write is not used", arguments: [0o777, 0o772, 0o702] as [mode_t])
  func writableByOthers(mode: mode_t) throws {
    try expectLevels([0, 1, 2, 3, 4], fromCache: false)
    let names = try files("")
    for folder in [cache.folder, Folder.parent(of: cache.folder)] {
      #expect(chmod(folder, mode) == 0)
      try expectLevels([0, 1, 2, 3, 4], fromCache: false)
      try write(200, to: "a/0.png")
      try expectLevels([200, 1, 2, 3, 4], fromCache: false)
      #expect(try files("") == names && self.mode(folder) == mode)
      try write(0, to: "a/0.png")
      #expect(chmod(folder, 0o700) == 0)
    }
    // Others cannot replace a folder in one such as /tmp.
    #expect(chmod(Folder.parent(of: cache.folder), 0o1777) == 0)
    try expectLevels([0, 1, 2, 3, 4], fromCache: true)
  }

  /// As an earlier version left them under a mask of 002.
  @Test("Folders of caches that only the group may write are closed to it", arguments: [0o775, 0o770] as [mode_t])
  func writableByGroup(mode: mode_t) throws {
    let parent = Folder.parent(of: cache.folder)
    #expect(try !load().isFromCache)
    for folder in [cache.folder, parent] { #expect(chmod(folder, mode) == 0) }
    #expect(try load().isFromCache)
    #expect(try self.mode(cache.folder) == 0o700 && self.mode(parent) == mode & 0o755)
    // A folder with other contents is not the program's to change.
    try Folder.create("\(parent)/notes")
    #expect(chmod(parent, mode) == 0)
    #expect(try !load().isFromCache)
    #expect(try self.mode(parent) == mode)
  }

  @Test("The reason why a cache is not used is stated")
  func reasons() throws {
    #expect(
      throws: FileError(
        path: "/dev/null/images", problem: "is not used as a cache",
        reason: "/dev/null is no folder; set RECOLOR_CACHE to a folder of your own")
    ) { try CacheFolder.requireTrusted("/dev/null/images") }
    #expect(throws: FileError.self) { try CacheFolder.write([1], to: "/dev/null/images/1") }
    let open = "\(folder.path)/open"
    try Folder.create(open)
    #expect(chmod(open, 0o777) == 0)
    let reason = "other users may write \(open); remove it, or take their permission away (chmod go-w)"
    for inner in [open, "\(open)/images"] {
      #expect(throws: FileError(path: inner, problem: "is not used as a cache", reason: reason)) {
        try CacheFolder.requireTrusted(inner)
      }
    }
  }

  @Test("A file that others may write is made anew")
  func fileWritableByOthers() throws {
    try expectLevels([0, 1, 2, 3, 4], fromCache: false)
    let path = try #require(try files(".images").first)
    #expect(chmod(path, 0o666) == 0)
    try expectLevels([0, 1, 2, 3, 4], fromCache: false)
    #expect(try mode(path) == 0o600)
    try expectLevels([0, 1, 2, 3, 4], fromCache: true)
  }

  @Test("A cache of another user is not used", .enabled(if: geteuid() == 0, "only root can give a file away"))
  func ofAnotherUser() throws {
    try expectLevels([0, 1, 2, 3, 4], fromCache: false)
    let path = try #require(try files(".images").first)
    #expect(chown(path, 12345, 12345) == 0)
    try expectLevels([0, 1, 2, 3, 4], fromCache: false)
    try expectLevels([0, 1, 2, 3, 4], fromCache: true)
    #expect(chown(cache.folder, 12345, 12345) == 0)
    try expectLevels([0, 1, 2, 3, 4], fromCache: false)
    try expectLevels([0, 1, 2, 3, 4], fromCache: false)
  }

  @Test("Unused files are removed")
  func unusedFiles() throws {
    _ = try load()
    let images = try files(".images") + files(".index")
    let left = "\(cache.folder)/left.images.1.tmp"
    try AtomicFile.write([1], to: left)
    let fresh = "\(cache.folder)/fresh.images.1.tmp"
    try AtomicFile.write([1], to: fresh)
    func age(_ path: String, days: Int) {
      let then = timespec(tv_sec: time(nil) - days * 86_400, tv_nsec: 0)
      #expect(utimensat(AT_FDCWD, path, [then, then], 0) == 0)
    }
    age(left, days: 2)
    for path in images { age(path, days: 80) }
    let other = "\(folder.path)/other"
    try Folder.create(other)
    try RGBImage(width: 4, height: 4, color: RGBColor(red: 1, green: 2, blue: 3)).writePNG(to: "\(other)/1.png")
    _ = try load(other)
    #expect(images.allSatisfy(Folder.holdsFile) && Folder.holdsFile(fresh) && !Folder.holdsFile(left))
    for path in images { age(path, days: 91) }
    // A file that is used is kept.
    #expect(try load().isFromCache)
    _ = try load(other, size: 32)
    #expect(images.allSatisfy(Folder.holdsFile))
    for path in images { age(path, days: 91) }
    _ = try load(other, size: 48)
    #expect(!images.contains(where: Folder.holdsFile))
  }

  /// Where the same file gives other bytes, `FolderDecoder.method`, which is part of the cache's key, must be increased
  /// together with this digest.
  @Test("The version of the decoding changes with its bytes")
  func decodingVersion() throws {
    var picture = RGBImage(width: 61, height: 40, color: RGBColor(red: 0, green: 0, blue: 0))
    for place in picture.bytes.indices { picture.bytes[place] = UInt8(truncatingIfNeeded: place * place / 7) }
    try FileManager.default.removeItem(atPath: "\(photographs)/a")
    try picture.writePNG(to: "\(photographs)/picture.png")
    let fingerprint = try DataFingerprint(of: load().dataset)
    #expect(FolderDecoder.method == 1)
    #expect(fingerprint.sha256 == "6cdea6ff050e5612d6987fec39eb1c044f7a637a4edd121dadb4775c65856752")
  }
}
