import Files
import Protobufs
import SwiftProtobuf
import TestSupport
import Testing

@testable import TensorBoard

@Suite("Event files")
struct EventFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private var names: [String] { get throws { try Folder.names(in: folder.path) } }

  /// Returns the events of a file, and checks the checksums of each record.
  private func events(in name: String) throws -> [TensorBoardEvent] {
    var rest = try readFile("\(folder.path)/\(name)")[...]
    var events: [TensorBoardEvent] = []
    while !rest.isEmpty {
      let length = Int(rest.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) })
      let data = [UInt8](rest.dropFirst(12).prefix(length))
      try #require(Array(rest.prefix(16 + length)) == Record.framed(data))
      events.append(try TensorBoardEvent(serializedBytes: data))
      rest = rest.dropFirst(16 + length)
    }
    return events
  }

  @Test("Events are read back")
  func roundTrip() throws {
    let file = EventFile(in: folder.path)
    try file.write([("train/loss", 0.5), ("epoch/learning_rate", .nan)], step: 16)
    let png = [UInt8](repeating: 1, count: 16) + [0, 0, 1, 4, 0, 0, 0, 10, 9]
    try file.write("samples", png: png, step: 32)
    try file.synchronize()
    let name = try #require(try names.first)
    let events = try events(in: name)
    try #require(events.count == 4)
    #expect(events[0].fileVersion == "brain.Event:2")
    #expect(events.allSatisfy { $0.wallTime > 1.7e9 })
    #expect(events.map(\.step) == [0, 0, 16, 32])
    #expect(events[1].sessionLog.status == .start)
    #expect(events[2].summary.value.map(\.tag) == ["train/loss", "epoch/learning_rate"])
    #expect(events[2].summary.value[0].simpleValue == 0.5)
    #expect(events[2].summary.value[1].simpleValue.isNaN)
    let image = events[3].summary.value[0].image
    #expect(image.width == 260 && image.height == 10 && image.colorspace == 3)
    #expect(Array(image.encodedImageString) == png)
  }

  @Test("Files without events are not created")
  func withoutEvents() throws {
    let file = EventFile(in: folder.path, goingOnAt: 7)
    try file.synchronize()
    #expect(try names.isEmpty)
  }

  /// Also files of the same second: TensorBoard reads files in the order of their names.
  @Test("Resumed runs start a later file")
  func resumedRuns() throws {
    try EventFile(in: folder.path).write([("loss", 1)], step: 1)
    let first = try #require(try names.first)
    for _ in 0..<3 { try EventFile(in: folder.path, goingOnAt: 8).write([("loss", 2)], step: 8) }
    #expect(try names.count == 4)
    #expect(try names.first == first)
    let events = try events(in: #require(try names.last))
    try #require(events.count == 3)
    #expect(events[1].sessionLog.status == .start)
    #expect(events[1].step == 8)
  }

  @Test(
    "Files whose number is no time change nothing",
    arguments: ["9223372036854775807", "99999999999", "9999999998", "-1"])
  func otherNumbers(_ number: String) throws {
    let other = "events.out.tfevents.\(number).recolor"
    try AtomicFile.write([], to: "\(folder.path)/\(other)")
    for step in 1...3 { try EventFile(in: folder.path, goingOnAt: step).write([("loss", 1)], step: step) }
    let own = try names.filter { $0 != other }
    try #require(own.count == 3)
    #expect(try events(in: own[2])[1].step == 3)
  }

  @Test("Missing folders are named")
  func missingFolders() throws {
    let missing = folder.path + "/missing"
    let error = #expect(throws: FileError.self) { try EventFile(in: missing).write([("loss", 1)], step: 1) }
    #expect(error?.path == missing)
  }
}
