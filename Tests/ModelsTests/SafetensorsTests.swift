import Files
import Foundation
import TestSupport
import Testing

@testable import Models

/// Safetensors files: a round trip, malformed files, and the writer.
@Suite("Safetensors files")
struct SafetensorsTests {
  let folder: TemporaryFolder
  var url: URL { URL(fileURLWithPath: folder.path).appendingPathComponent("weights.safetensors") }

  init() throws { folder = try TemporaryFolder() }

  /// A file with this header and this many bytes of data.
  func put(header: String, dataByteCount: Int, claimedLength: UInt64? = nil) throws {
    let length = claimedLength ?? UInt64(header.utf8.count)
    let data =
      withUnsafeBytes(of: length.littleEndian) { Data($0) } + Data(header.utf8) + Data(count: dataByteCount)
    try data.write(to: url)
  }

  func failure(reading url: URL) -> SafetensorsError? {
    do throws(SafetensorsError) {
      _ = try SafetensorsFile(reading: url)
      return nil
    } catch {
      return error
    }
  }

  // MARK: Round trips

  @Test("Values of every type are read as written")
  func roundTrip() throws {
    let metadata = ["model": "unet", "note": "a \"quoted\"\nline \\ \u{1} \u{1F3A8}"]
    let writer = try SafetensorsWriter(
      writing: url,
      tensors: [
        "encoding_unit1.0.weight": .init(.float32, [2, 1, 3, 1]), "step": .init(.int64, []),
        "random state": .init(.uint32, [4]), "order": .init(.uint8, [3]), "none": .init(.float32, [0, 5]),
        "wide": .init(.float64, [1]),
      ],
      metadata: metadata)
    let floats: [Float] = [0, -0.0, .pi, .infinity, .leastNonzeroMagnitude, -1e30]
    try writer.write("order", [1, 2, 255] as [UInt8])
    try writer.write("encoding_unit1.0.weight", floats)
    try writer.write("step", [-7] as [Int64])
    try writer.write("none", [] as [Float])
    try writer.write("wide", [1.0 / 3] as [Double])
    try writer.write("random state", [0, 1, .max, 42] as [UInt32])
    try writer.finish()

    let file = try SafetensorsFile(reading: url)
    #expect(file.metadata == metadata)
    #expect(file.tensors.count == 6)
    let read = try file.values("encoding_unit1.0.weight", as: Float.self, shape: [2, 1, 3, 1])
    #expect(read.map(\.bitPattern) == floats.map(\.bitPattern))
    #expect(try file.values("step", as: Int64.self, shape: []) == [-7])
    #expect(try file.values("random state", as: UInt32.self) == [0, 1, .max, 42])
    #expect(try file.values("order", as: UInt8.self) == [1, 2, 255])
    #expect(try file.values("none", as: Float.self).isEmpty)
    #expect(try file.values("wide", as: Double.self) == [1.0 / 3])
    #expect(try Folder.names(in: folder.path) == ["weights.safetensors"])
  }

  @Test("The same tensors give the same bytes")
  func deterministic() throws {
    func write() throws -> Data {
      let tensors = Dictionary(
        uniqueKeysWithValues: (0..<40).map { ("tensor\($0)", SafetensorsWriter.Description(.float32, [$0])) })
      let writer = try SafetensorsWriter(writing: url, tensors: tensors, metadata: ["b": "2", "a": "1"])
      for index in (0..<40).shuffled() {
        try writer.write("tensor\(index)", [Float](repeating: Float(index), count: index))
      }
      try writer.finish()
      return try Data(contentsOf: url)
    }
    let first = try write()
    #expect(try write() == first)
    // The data start at a multiple of 8 bytes.
    #expect(first[0] % 8 == 0)
  }

  @Test("A file without tensors")
  func empty() throws {
    try SafetensorsWriter(writing: url, tensors: [:]).finish()
    #expect(try SafetensorsFile(reading: url).tensors.isEmpty)
  }

  @Test("The JSON of other writers is read")
  func otherWriters() throws {
    let header = #"""
      {"b" : {"data_offsets":[4,8], "shape":[1],"dtype":"F32"},
      "__metadata__":{"caf\u00e9":"\ud83c\udfa8"}, "a":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}
      """#
    try put(header: header + "  \n ", dataByteCount: 8)
    let file = try SafetensorsFile(reading: url)
    #expect(file.metadata == ["café": "🎨"])
    #expect(try file.values("b", shape: [1]) == [0 as Float])
  }

  // MARK: Malformed files

  static let tensor = #""a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}"#

  static let damagedHeaders: [(header: String, dataByteCount: Int, message: String)] = [
    ("", 0, "header: not a JSON object, at byte 0"),
    ("[1]", 0, "header: not a JSON object, at byte 0"),
    (" {}", 0, "header: not a JSON object, at byte 0"),
    ("{", 0, "header: '\"' is missing, at byte 1"),
    ("{} x", 0, "header: something follows the JSON object, at byte 3"),
    ("{\(tensor),}", 8, "header: '\"' is missing, at byte 54"),
    ("{\(tensor) \(tensor)}", 8, "header: '}' is missing, at byte 54"),
    ("{\(tensor)", 8, "header: '}' is missing, at byte 53"),
    (#"{"a"#, 0, "header: a string does not end, at byte 3"),
    (#"{"a\q":1}"#, 0, "header: an unknown escape in a string, at byte 5"),
    (#"{"\ud800":1}"#, 0, "header: half a surrogate pair, at byte 8"),
    (#"{"\u12"#, 0, "header: a string does not end, at byte 4"),
    (#"{"a":1}"#, 0, "header: '{' is missing, at byte 5"),
    (#"{"a":{"dtype":"F32","shape":[2]}}"#, 8, "lacks its dtype, its shape or two data_offsets"),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}"#, 8, "lacks its dtype, its shape or two data_offsets"),
    (#"{"a":{"dtype":"F32","shape":[2],"shape":[2],"data_offsets":[0,8]}}"#, 8, #"has a superfluous "shape""#),
    (#"{"a":{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}}"#, 8, "a whole number of zero or more is needed"),
    (#"{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}"#, 8, "']' is missing"),
    (#"{"a":{"dtype":"F32","shape":[02],"data_offsets":[0,8]}}"#, 8, "a whole number of zero or more is needed"),
    (#"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,8]}}"#, 8, "a number is too large"),
    (#"{"a":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}"#, 8, #"tensor "a": unknown data type "F33""#),
    (#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#, 8, "8 bytes do not hold shape [3] of F32"),
    (
      #"{"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}}"#, 8,
      "8 bytes do not hold shape [4294967296, 4294967296] of F32"
    ),
    (
      #"{"a":{"dtype":"F32","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}"#, 8,
      "data offsets 0..9223372036854775807 lie outside of the 8 bytes of data"
    ),
    (#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#, 8, "data offsets 8..0 lie outside"),
    ("{\(tensor)}", 7, "data offsets 0..8 lie outside of the 7 bytes of data"),
    ("{\(tensor)}", 9, "1 bytes follow the last tensor"),
    ("{}", 1, "1 bytes follow the last tensor"),
    (
      #"{\#(tensor),"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#, 8,
      "before those of another tensor end at 8"
    ),
    (
      #"{\#(tensor),"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, 8,
      "before those of another tensor end at 8"
    ),
    (#"{\#(tensor),"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}"#, 16, "from 8 on belong to no tensor"),
    ("{\(tensor),\(tensor)}", 8, #"tensor "a": is in the header twice"#),
    (#"{"__metadata__":{"x":"1","x":"2"}}"#, 0, #"metadata has "x" twice"#),
    (#"{"__metadata__":{"x":1}}"#, 0, #"'"' is missing"#),
    (#"{"__metadata__":{},"__metadata__":{}}"#, 0, #"tensor "__metadata__": is in the header twice"#),
    ("{\"a\nb\":1}", 0, "a control character in a string"),
    (#"{"a\nb":{"dtype":"F33","shape":[2],"data_offsets":[0,8]}}"#, 8, #"tensor "a\nb": unknown data type"#),
  ]

  @Test("A damaged header is refused with its place", arguments: damagedHeaders)
  func damagedHeader(header: String, dataByteCount: Int, message: String) throws {
    try put(header: header, dataByteCount: dataByteCount)
    let description = try #require(failure(reading: url)).description
    #expect(description.hasPrefix(url.path + ": "))
    #expect(description.contains(message), "\(description)")
    #expect(!description.contains("\n"))
  }

  @Test("A header that is not UTF-8 is refused")
  func notUTF8() throws {
    var data = Data([9, 0, 0, 0, 0, 0, 0, 0])
    data.append(contentsOf: Array(#"{""#.utf8) + [0xff, 0xfe] + Array(#"":{}}"#.utf8))
    try data.write(to: url)
    #expect(try #require(failure(reading: url)).description.contains("a string is not UTF-8"))
  }

  @Test("A file too short for its length is refused", arguments: 0..<8)
  func shorterThanALength(byteCount: Int) throws {
    try Data(count: byteCount).write(to: url)
    #expect(failure(reading: url)?.problem == .noHeader(fileByteCount: byteCount))
  }

  @Test("A length past the file's end is refused", arguments: [3, 101_000_000, UInt64(Int.max), UInt64.max])
  func lyingLength(length: UInt64) throws {
    try put(header: "{}", dataByteCount: 0, claimedLength: length)
    let error = try #require(failure(reading: url))
    #expect(error.problem == .headerTooLong(byteCount: length, limit: 2))
    // A length beyond the format's own limit is no length, but the beginning of another kind of file.
    #expect(error.description.contains("\(length) bytes") == (length <= 100_000_000))
  }

  @Test("A file cut short anywhere is refused")
  func truncated() throws {
    let writer = try SafetensorsWriter(writing: url, tensors: ["a": .init(.float32, [5]), "b": .init(.uint8, [3])])
    try writer.write("a", [1, 2, 3, 4, 5] as [Float])
    try writer.write("b", [1, 2, 3] as [UInt8])
    try writer.finish()
    let whole = try Data(contentsOf: url)
    for count in 0..<whole.count {
      try whole.prefix(count).write(to: url)
      #expect(failure(reading: url) != nil, "cut to \(count) bytes")
    }
  }

  /// Whatever byte is changed, the reader reports an error or reads something: it never traps.
  @Test("No changed byte traps")
  func changedByte() throws {
    let writer = try SafetensorsWriter(
      writing: url, tensors: ["a": .init(.float32, [2]), "b": .init(.int64, [1])], metadata: ["k": "v"])
    try writer.write("a", [1, 2] as [Float])
    try writer.write("b", [3] as [Int64])
    try writer.finish()
    let whole = try Data(contentsOf: url)
    var failures = 0
    for position in 0..<whole.count {
      for change in [0x01, 0x20, 0x80, 0xff] as [UInt8] {
        var data = whole
        data[position] ^= change
        try data.write(to: url)
        do throws(SafetensorsError) {
          let file = try SafetensorsFile(reading: url)
          for name in file.tensors.keys { _ = try? file.values(name, as: Float.self) }
        } catch {
          failures += 1
        }
      }
    }
    #expect(failures > whole.count)
  }

  @Test("A file that shrinks after it was opened is an error")
  func shrinking() throws {
    try put(header: "{\(Self.tensor)}", dataByteCount: 8)
    let file = try SafetensorsFile(reading: url)
    #expect(truncate(url.path, 20) == 0)
    #expect(
      throws: SafetensorsError(path: url.path, problem: .file(problem: "cannot be read", reason: "it ends too early"))
    ) {
      _ = try file.values("a", as: Float.self)
    }
  }

  @Test("A missing file and a folder are refused")
  func notAFile() {
    #expect(failure(reading: url)?.description == "\(url.path): cannot be read: No such file or directory")
    #expect(
      failure(reading: URL(fileURLWithPath: folder.path))?.description
        == "\(folder.path): cannot be read: it is a folder")
    #expect(
      failure(reading: URL(fileURLWithPath: "/dev/null"))?.problem
        == .file(problem: "cannot be read", reason: "it is no ordinary file"))
  }

  @Test("An empty file is refused")
  func emptyFile() throws {
    try Data().write(to: url)
    #expect(failure(reading: url)?.problem == .noHeader(fileByteCount: 0))
  }

  @Test("A tensor that is missing or of another type or shape is refused")
  func wrongTensors() throws {
    try put(header: "{\(Self.tensor)}", dataByteCount: 8)
    let file = try SafetensorsFile(reading: url)
    #expect(throws: SafetensorsError(path: url.path, tensor: "b", problem: .missing)) {
      _ = try file.values("b", as: Float.self)
    }
    #expect(
      throws: SafetensorsError(
        path: url.path, tensor: "a", problem: .wrongDataType(expected: .int64, found: .float32))
    ) { _ = try file.values("a", as: Int64.self) }
    #expect(
      throws: SafetensorsError(path: url.path, tensor: "a", problem: .wrongShape(expected: [1, 2], found: [2]))
    ) { _ = try file.values("a", as: Float.self, shape: [1, 2]) }
  }

  // MARK: Writing that fails

  @Test("The old file stays until the new one is whole")
  func replaced() throws {
    try Data("old".utf8).write(to: url)
    do {
      let writer = try SafetensorsWriter(writing: url, tensors: ["a": .init(.float32, [1]), "b": .init(.float32, [1])])
      try writer.write("a", [1] as [Float])
      #expect(try Data(contentsOf: url) == Data("old".utf8))
      #expect(throws: SafetensorsError(path: url.path, tensor: "b", problem: .notWritten)) { try writer.finish() }
    }
    #expect(try Folder.names(in: folder.path) == ["weights.safetensors"])
    #expect(try Data(contentsOf: url) == Data("old".utf8))
  }

  @Test("Nothing can be written to a finished file")
  func finished() throws {
    let writer = try SafetensorsWriter(writing: url, tensors: ["a": .init(.float32, [1])])
    try writer.write("a", [1] as [Float])
    try writer.finish()
    let finished = SafetensorsError(path: url.path, problem: .finished)
    #expect(throws: finished) { try writer.write("a", [2] as [Float]) }
    #expect(throws: finished) { try writer.finish() }
    #expect(try SafetensorsFile(reading: url).values("a") == [1 as Float])
  }

  @Test("Nothing is left where the name is taken")
  func taken() throws {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    #expect(
      throws: SafetensorsError(
        path: url.path, problem: .file(problem: "cannot be written", reason: "it is no ordinary file"))
    ) {
      try SafetensorsWriter(writing: url, tensors: [:])
    }
    #expect(try Folder.names(in: folder.path) == ["weights.safetensors"])
  }

  @Test("A missing folder is an error")
  func missingFolder() {
    let url = URL(fileURLWithPath: folder.path).appendingPathComponent("no/weights.safetensors")
    #expect(
      throws: SafetensorsError(
        path: url.path, problem: .file(problem: "cannot be written", reason: "No such file or directory"))
    ) {
      _ = try SafetensorsWriter(writing: url, tensors: [:])
    }
  }

  @Test("Values that do not fit their tensor are refused")
  func wrongValues() throws {
    let writer = try SafetensorsWriter(writing: url, tensors: ["a": .init(.float32, [2])])
    #expect(throws: SafetensorsError(path: url.path, tensor: "b", problem: .missing)) {
      try writer.write("b", [1] as [Float])
    }
    #expect(
      throws: SafetensorsError(path: url.path, tensor: "a", problem: .wrongValueCount(expected: 2, found: 1))
    ) { try writer.write("a", [1] as [Float]) }
    #expect(
      throws: SafetensorsError(path: url.path, tensor: "a", problem: .wrongDataType(expected: .float32, found: .uint32))
    ) { try writer.write("a", [1, 2] as [UInt32]) }
    for shape in [[-1], [Int.max, 2]] {
      #expect(throws: SafetensorsError(path: url.path, tensor: "a", problem: .impossibleShape(shape))) {
        _ = try SafetensorsWriter(writing: url, tensors: ["a": .init(.float32, shape)])
      }
    }
    #expect(throws: SafetensorsError(path: url.path, tensor: "__metadata__", problem: .reservedName)) {
      _ = try SafetensorsWriter(writing: url, tensors: ["__metadata__": .init(.float32, [1])])
    }
  }
}
