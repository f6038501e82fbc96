import Files
import Foundation
import Imaging
import TestSupport
import Testing

@testable import Data

@Suite("CIFAR-10")
struct CIFAR10Tests {
  /// Returns record number `number` of an artificial set: its label, and planes whose level depends on the row.
  private func record(_ number: Int) -> [UInt8] {
    [UInt8(number % 10)]
      + (0..<3).flatMap { plane in (0..<1024).map { UInt8((number * 7 + plane * 50 + $0 / 32) % 256) } }
  }

  /// Creates a folder of batch files that hold 1, 2, 3, 4, 5 and 2 records.
  private func makeFolder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try Folder.create("\(folder.path)/cifar-10-batches-bin")
    var number = 0
    for (name, count) in [
      ("data_batch_1", 1), ("data_batch_2", 2), ("data_batch_3", 3), ("data_batch_4", 4), ("data_batch_5", 5),
      ("test_batch", 2),
    ] {
      try AtomicFile.write(
        (number..<number + count).flatMap(record), to: "\(folder.path)/cifar-10-batches-bin/\(name).bin")
      number += count
    }
    return folder
  }

  @Test("Records are read in order")
  func records() throws {
    let folder = try makeFolder()
    let set = try CIFAR10.load(.training, from: folder.path)
    #expect(set.count == 15 && set.width == 32 && set.height == 32)
    #expect(set.labels == (0..<15).map { UInt16($0 % 10) })
    for number in 0..<15 {
      let image = set[number]
      for (x, y) in [(0, 0), (31, 0), (5, 17), (31, 31)] {
        let level = number * 7 + y
        let color = RGBColor(red: UInt8(level), green: UInt8(level + 50), blue: UInt8(level + 100))
        #expect(image[x, y] == color)
      }
    }
    let test = try CIFAR10.load(.test, from: "\(folder.path)/cifar-10-batches-bin")
    #expect(test.labels == [5, 6])
  }

  @Test("Limits select the first images", arguments: [1, 3, 4, 15, 99])
  func limits(limit: Int) throws {
    let folder = try makeFolder()
    let all = try CIFAR10.load(.training, from: folder.path)
    let some = try CIFAR10.load(.training, from: folder.path, limit: limit)
    #expect(some.count == min(limit, 15))
    #expect(some.bytes.elementsEqual(all.bytes.prefix(some.bytes.count)))
  }

  @Test("Limits below one are errors")
  func limitsBelowOne() throws {
    let folder = try makeFolder()
    #expect(throws: DataError.self) { _ = try CIFAR10.load(.training, from: folder.path, limit: 0) }
  }

  private func message(_ part: CIFAR10.Part = .training, in folder: TemporaryFolder) -> String {
    do {
      _ = try CIFAR10.load(part, from: folder.path)
      return "no error"
    } catch {
      return error.description
    }
  }

  @Test("Incomplete records are named", arguments: [-1, 1, 1536])
  func incompleteRecords(change: Int) throws {
    let folder = try makeFolder()
    let path = "\(folder.path)/cifar-10-batches-bin/data_batch_4.bin"
    let whole = try readFile(path)
    try AtomicFile.write(
      change < 0 ? Array(whole.dropLast()) : whole + [UInt8](repeating: 0, count: change), to: path)
    let records = change < 0 ? 3 : 4
    let text = message(in: folder)
    #expect(text.hasPrefix("\(path): damaged at byte \(records * 3073): \(whole.count + change) bytes are not whole"))
    #expect(!text.contains("\n"))
  }

  @Test("Damaged files are named")
  func damagedFiles() throws {
    let folder = try makeFolder()
    let path = "\(folder.path)/cifar-10-batches-bin/data_batch_4.bin"
    let whole = try readFile(path)
    try AtomicFile.write([], to: path)
    #expect(message(in: folder) == "\(path): damaged at byte 0: the file is empty")

    var wrongLabel = whole
    wrongLabel[2 * 3073] = 10
    try AtomicFile.write(wrongLabel, to: path)
    #expect(message(in: folder).hasPrefix("\(path): damaged at byte 6146: label 10 of record 2 is not one of 0 to 9"))

    try FileManager.default.removeItem(atPath: path)
    #expect(message(in: folder) == "\(path): cannot be read: No such file or directory")
    #expect(message(.test, in: folder) == "no error")
    // A missing file is an error even where the limit ends before it.
    #expect(throws: DataError.self) { _ = try CIFAR10.load(.training, from: folder.path, limit: 1) }

    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    #expect(message(in: folder) == "\(path): cannot be read: it is a folder")
  }

  /// Opening a pipe without a writer would wait for ever.
  @Test("Pipes are refused", .timeLimit(.minutes(1)))
  func pipes() throws {
    let folder = try makeFolder()
    let path = "\(folder.path)/cifar-10-batches-bin/data_batch_2.bin"
    try FileManager.default.removeItem(atPath: path)
    #expect(mkfifo(path, 0o600) == 0)
    #expect(message(in: folder) == "\(path): cannot be read: it is no ordinary file")
  }

  @Test("Folders without the set are named")
  func otherFolders() throws {
    let folder = try TemporaryFolder()
    #expect(throws: DataError.notCIFAR10(folder: folder.path)) { try CIFAR10.batchFolder(in: folder.path) }
    #expect(throws: DataError.notCIFAR10(folder: "/no/such")) { _ = try CIFAR10.load(.test, from: "/no/such") }
  }

  @Test("The standard folder is the named one or holds the set")
  func standardFolder() throws {
    let folder = try makeFolder()
    #expect(CIFAR10.standardFolder(environment: ["RECOLOR_CIFAR10": "/some/where"]) == "/some/where")
    try FileManager.default.createDirectory(atPath: "\(folder.path)/recolor", withIntermediateDirectories: false)
    try FileManager.default.moveItem(
      atPath: "\(folder.path)/cifar-10-batches-bin", toPath: "\(folder.path)/recolor/cifar-10-batches-bin")
    #expect(CIFAR10.standardFolder(environment: ["XDG_DATA_HOME": folder.path]) == "\(folder.path)/recolor")
  }

  @Test("Published images are read exactly", .enabled(if: PublishedImages.lossless != nil, "needs lossless_1000.bin"))
  func publishedImages() throws {
    let bytes = try readFile(try #require(PublishedImages.lossless))
    let folder = try TemporaryFolder()
    for name in CIFAR10.Part.training.fileNames { try AtomicFile.write(bytes, to: "\(folder.path)/\(name)") }
    let set = try CIFAR10.load(.training, from: folder.path, limit: 1000)
    #expect(set.count == 1000)
    #expect(set.labels?.prefix(10) == [6, 9, 9, 4, 1, 1, 2, 7, 8, 3])
    var matches = true
    for image in [0, 1, 500, 999] {
      for pixel in 0..<1024 {
        for channel in 0..<3 {
          matches =
            matches
            && set.bytes[image * 3072 + 3 * pixel + channel] == bytes[image * 3073 + 1 + channel * 1024 + pixel]
        }
      }
    }
    #expect(matches)
  }
}
