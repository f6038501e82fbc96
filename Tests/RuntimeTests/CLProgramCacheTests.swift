import Foundation
import Runtime
import Testing

@Suite("Program cache", .enabled(if: OpenCLDevice.isAvailable, OpenCLDevice.skipReason))
struct CLProgramCacheTests {
  /// Calls `body` with a temporary folder.
  private func withFolder(_ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "program-cache-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder)
  }

  private func entries(_ folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted().map { "\(folder)/\($0)" }
  }

  /// Builds the test program with a cache in `folder` and checks that it computes.
  private func buildAndRun(_ folder: String) throws {
    let fixture = try OpenCLFixture()
    let program = try fixture.scaleProgram(cache: CLProgramCache(folder: folder))
    let memory = try fixture.memory([1, 2, 3])
    try fixture.scale(memory, by: 5, with: program).wait()
    #expect(try fixture.values(of: memory) == [5, 10, 15])
  }

  @Test("The second build uses the first one's binary")
  func hit() throws {
    try withFolder { folder in
      try buildAndRun(folder)
      let first = entries(folder)
      #expect(first.count == 1)
      let attributes = try FileManager.default.attributesOfItem(atPath: first[0])
      try buildAndRun(folder)
      #expect(entries(folder) == first)
      let again = try FileManager.default.attributesOfItem(atPath: first[0])
      // A hit leaves the file unchanged; a miss would have replaced it.
      #expect(attributes[.systemFileNumber] as? Int == again[.systemFileNumber] as? Int)
    }
  }

  @Test("Different source or options are a different entry")
  func keys() throws {
    try withFolder { folder in
      let fixture = try OpenCLFixture()
      let cache = CLProgramCache(folder: folder)
      for (source, options) in [("", ""), ("", "-DA=1"), ("\n", "")] {
        _ = try CLProgram(
          "scale.cl", source: OpenCLFixture.scaleSource + source, options: options, context: fixture.context,
          cache: cache)
      }
      #expect(entries(folder).count == 3)
    }
  }

  @Test(
    "A damaged entry is rebuilt and replaced",
    arguments: Damage.allCases)
  func damage(_ damage: Damage) throws {
    try withFolder { folder in
      try buildAndRun(folder)
      let path = try #require(entries(folder).first)
      let whole = try Data(contentsOf: URL(filePath: path))
      try damage.applied(to: whole).write(to: URL(filePath: path))
      try buildAndRun(folder)
      #expect(entries(folder) == [path])
      let damaged = damage.applied(to: whole)
      #expect(try Data(contentsOf: URL(filePath: path)) != damaged)
    }
  }

  enum Damage: CaseIterable {
    case empty, short, flippedBit, otherText

    func applied(to data: Data) -> Data {
      var bytes = [UInt8](data)
      switch self {
      case .empty: bytes = []
      case .short: bytes = Array(bytes.prefix(bytes.count / 2))
      case .flippedBit: bytes[bytes.count / 2] ^= 1
      case .otherText: bytes = Array("not a program".utf8)
      }
      return Data(bytes)
    }
  }

  @Test("Above the size limit, the least recently used entries are removed")
  func pruning() throws {
    try withFolder { folder in
      let fixture = try OpenCLFixture()
      func build(_ number: Int, byteLimit: Int = 1 << 30) throws -> String {
        let before = Set(entries(folder))
        _ = try CLProgram(
          "scale.cl", source: OpenCLFixture.scaleSource, options: "-DNUMBER=\(number)", context: fixture.context,
          cache: CLProgramCache(folder: folder, byteLimit: byteLimit))
        return try #require(Set(entries(folder)).subtracting(before).first)
      }
      let paths = try (0..<3).map { try build($0) }
      let size = try #require(FileManager.default.attributesOfItem(atPath: paths[0])[.size] as? Int)
      for (path, age) in zip(paths, [300.0, 100, 200]) {
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: path)
      }
      // Room for two and a half.
      let last = try build(3, byteLimit: size * 5 / 2)
      #expect(entries(folder) == [paths[1], last].sorted())
      // The newest entry stays even if it exceeds the limit alone.
      let only = try build(4, byteLimit: 1)
      #expect(entries(folder) == [only])
    }
  }

  @Test("A program that others may have written is not used", arguments: [true, false])
  func writableByOthers(isFolder: Bool) throws {
    try withFolder { folder in
      try buildAndRun(folder)
      let path = try #require(entries(folder).first)
      func attributes(_ path: String) throws -> [FileAttributeKey: Any] {
        try FileManager.default.attributesOfItem(atPath: path)
      }
      #expect(try attributes(folder)[.posixPermissions] as? Int == 0o700)
      #expect(try attributes(path)[.posixPermissions] as? Int == 0o600)
      let first = try attributes(path)[.systemFileNumber] as? Int
      // In a folder that is used, a damaged entry would be replaced.
      if isFolder { try Data("planted".utf8).write(to: URL(filePath: path)) }
      try FileManager.default.setAttributes(
        [.posixPermissions: isFolder ? 0o777 : 0o666], ofItemAtPath: isFolder ? folder : path)
      try buildAndRun(folder)
      // The file, which is whole, is replaced; the folder stays as it is.
      #expect((try attributes(path)[.systemFileNumber] as? Int == first) == isFolder)
    }
  }

  @Test("Without write access to its folder, the cache is off")
  func unwritable() throws {
    try buildAndRun("/dev/null/programs")
  }

  @Test("The standard folder follows the environment")
  func standardFolder() {
    #expect(CLProgramCache.standard(environment: ["RECOLOR_CACHE": "/a"])?.folder == "/a/programs")
    #expect(CLProgramCache.standard(environment: ["RECOLOR_CACHE": "", "HOME": "/h"]) == nil)
    #expect(CLProgramCache.standard(environment: ["XDG_CACHE_HOME": "/x"])?.folder == "/x/recolor/programs")
    #expect(CLProgramCache.standard(environment: ["HOME": "/h"])?.folder == "/h/.cache/recolor/programs")
    #expect(CLProgramCache.standard(environment: [:]) == nil)
  }
}
