import Files
import Foundation
import Imaging
import TestSupport
import Testing

@testable import Data

@Suite("CIFAR-100")
struct CIFAR100Tests {
  /// Returns record number `number` of an artificial set: its two labels, and planes whose level depends on the row.
  private func record(_ number: Int) -> [UInt8] {
    [UInt8(number % 20), UInt8(99 - number)]
      + (0..<3).flatMap { plane in (0..<1024).map { UInt8((number * 7 + plane * 50 + $0 / 32) % 256) } }
  }

  private func makeFolder(_ name: String = "cifar-100-binary", classNames: Bool = true) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try Folder.create("\(folder.path)/\(name)")
    try AtomicFile.write((0..<9).flatMap(record), to: "\(folder.path)/\(name)/train.bin")
    try AtomicFile.write((9..<12).flatMap(record), to: "\(folder.path)/\(name)/test.bin")
    if classNames {
      let names = (0..<100).map { "class_\($0)\n" }.joined()
      try AtomicFile.write(Array(names.utf8), to: "\(folder.path)/\(name)/fine_label_names.txt")
    }
    return folder
  }

  @Test("Records are read in order")
  func records() throws {
    let folder = try makeFolder()
    let set = try CIFAR100.load(.training, from: folder.path)
    #expect(set.count == 9 && set.width == 32 && set.height == 32)
    #expect(set.labels == [99, 98, 97, 96, 95, 94, 93, 92, 91])
    #expect(set.classNames.count == 100 && set.classNames[99] == "class_99")
    for number in 0..<9 {
      for (x, y) in [(0, 0), (31, 0), (5, 17), (31, 31)] {
        let level = number * 7 + y
        let color = RGBColor(red: UInt8(level), green: UInt8(level + 50), blue: UInt8(level + 100))
        #expect(set[number][x, y] == color)
      }
    }
    #expect(try CIFAR100.load(.test, from: "\(folder.path)/cifar-100-binary").labels == [90, 89, 88])
    #expect(try CIFAR100.load(.training, from: folder.path, limit: 2).count == 2)
  }

  @Test("Folders of another name need the names of the classes")
  func otherFolders() throws {
    let renamed = try makeFolder("mine")
    #expect(try CIFAR100.load(.test, from: "\(renamed.path)/mine").count == 3)
    let other = try makeFolder("mine", classNames: false)
    #expect(throws: DataError.notCIFAR100(folder: "\(other.path)/mine")) {
      _ = try CIFAR100.load(.test, from: "\(other.path)/mine")
    }
    let unnamed = try makeFolder(classNames: false)
    #expect(try CIFAR100.load(.test, from: unnamed.path).classNames.isEmpty)
  }

  @Test("Damaged files are named")
  func damagedFiles() throws {
    let folder = try makeFolder()
    let path = "\(folder.path)/cifar-100-binary/train.bin"
    let whole = try readFile(path)
    try AtomicFile.write(Array(whole.dropLast()), to: path)
    #expect(
      message(in: folder).hasPrefix("\(path): damaged at byte \(8 * 3074): \(whole.count - 1) bytes are not whole"))
    let names = "\(folder.path)/cifar-100-binary/fine_label_names.txt"
    try AtomicFile.write(whole, to: path)
    try AtomicFile.write(Array("apple\n".utf8), to: names)
    #expect(message(in: folder) == "\(names): cannot be used: it has 1 names, not 100")
  }

  @Test("Wrong labels are named", arguments: [(0, 20, 19), (1, 100, 99)])
  func wrongLabels(place: Int, label: UInt8, highest: Int) throws {
    let folder = try makeFolder()
    let path = "\(folder.path)/cifar-100-binary/train.bin"
    var wrong = try readFile(path)
    wrong[2 * 3074 + place] = label
    try AtomicFile.write(wrong, to: path)
    #expect(
      message(in: folder).hasPrefix(
        "\(path): damaged at byte \(2 * 3074 + place): label \(label) of record 2 is not one of 0 to \(highest)"))
  }

  /// Opening a pipe without a writer would wait for ever.
  @Test("Pipes are refused", .timeLimit(.minutes(1)))
  func pipes() throws {
    let folder = try makeFolder()
    let path = "\(folder.path)/cifar-100-binary/train.bin"
    try FileManager.default.removeItem(atPath: path)
    #expect(mkfifo(path, 0o600) == 0)
    #expect(message(in: folder) == "\(path): cannot be read: it is no ordinary file")
    try FileManager.default.removeItem(atPath: "\(folder.path)/cifar-100-binary/fine_label_names.txt")
    #expect(mkfifo("\(folder.path)/cifar-100-binary/fine_label_names.txt", 0o600) == 0)
    #expect(try CIFAR100.load(.test, from: folder.path).classNames.isEmpty)
  }

  private func message(in folder: TemporaryFolder) -> String {
    do {
      _ = try CIFAR100.load(.training, from: folder.path)
      return "no error"
    } catch {
      return error.description
    }
  }

  @Test("The published archive has the right sizes")
  func publishedArchive() {
    let archive = CIFARArchive.cifar100
    #expect(archive.sha256.count == 64 && archive.url.hasSuffix("/" + archive.fileName))
    // 50,000 and 10,000 records of two label bytes and 3,072 bytes.
    #expect(archive.members.compactMap(\.byteCount) == [50_000 * 3074, 10_000 * 3074])
  }
}
