import Files
import Testing

@testable import Imaging

@Suite("Compression of PNG files")
struct CompressionTests {
  /// Returns samples of a picture like a photograph: soft forms and noise, the same at each call.
  private func samples(_ layout: ImageEncoder.Layout) -> [UInt8] {
    var noise: UInt32 = 1
    var samples: [UInt8] = []
    samples.reserveCapacity(layout.rowByteCount * layout.height)
    for y in 0..<layout.height {
      for index in 0..<layout.rowByteCount {
        noise = noise &* 1_664_525 &+ 1_013_904_223
        samples.append(UInt8(truncatingIfNeeded: index / 40 + y / 3 + index * y / 5000 + Int(noise >> 29)))
      }
    }
    return samples
  }

  private func file(
    _ samples: [UInt8], _ layout: ImageEncoder.Layout, _ compression: Compression
  ) throws -> [UInt8] {
    try ImageEncoder.file(.png, samples, layout, compression: compression)
  }

  @Test(
    "Pixels are the same at every level, compressed as a whole and row by row",
    arguments: [(3, 1), (4, 1), (3, 2), (4, 2)], [1, 50])
  func pixels(format: (sampleCount: Int, bytesPerSample: Int), width: Int) throws {
    let layout = ImageEncoder.Layout(
      width: width, height: 40, hasAlpha: format.sampleCount == 4, bytesPerSample: format.bytesPerSample)
    let samples = samples(layout)
    for level in Compression.levels {
      for memoryLimit in [0, 1 << 20] {
        let file = try file(samples, layout, Compression(level: level, memoryLimit: memoryLimit))
        #expect(
          try Photograph(encoded: file, name: "test").raster.samples == samples, "level \(level), limit \(memoryLimit)")
      }
    }
  }

  @Test("Higher levels give smaller files, and the usual one none larger than zlib's", arguments: [1, 2])
  func sizes(bytesPerSample: Int) throws {
    let layout = ImageEncoder.Layout(width: 500, height: 300, bytesPerSample: bytesPerSample)
    let samples = samples(layout)
    let sizes = try [1, 2, 6, 9].map { try file(samples, layout, Compression(level: $0)).count }
    #expect(sizes == sizes.sorted(by: >), "\(sizes)")
    let rowByRow = try file(samples, layout, Compression(memoryLimit: 0)).count
    #expect(sizes[1] < rowByRow * 105 / 100, "\(sizes[1]), row by row \(rowByRow)")
  }

  @Test("Large pictures have several chunks of pixels, and end as the format demands")
  func chunks() throws {
    let layout = ImageEncoder.Layout(width: 1000, height: 1000)
    let samples = samples(layout)
    let file = try file(samples, layout, Compression(level: 1))
    var (kinds, start): ([String], Int) = ([], 8)
    while start < file.count {
      let length = file[start..<start + 4].reduce(0) { $0 << 8 | Int($1) }
      kinds.append(String(decoding: file[start + 4..<start + 8], as: UTF8.self))
      start += 12 + length
    }
    #expect(start == file.count)
    #expect(kinds.first == "IHDR" && kinds.last == "IEND" && kinds.count(where: { $0 == "IDAT" }) > 1, "\(kinds)")
    #expect(try Photograph(encoded: file, name: "test").raster.samples == samples)
  }

  /// An output that takes so many bytes.
  private final class FullOutput: ImageOutput {
    private var room: Int
    let error = FileError(path: "full", problem: "cannot be written", reason: "No space left on device")

    init(room: Int) { self.room = room }

    func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
      room -= bytes.count
      guard room >= 0 else { throw error }
    }
  }

  @Test("An error of the output is passed on", arguments: [0, 1 << 20], [0, 100, 1000])
  func outputErrors(memoryLimit: Int, room: Int) throws {
    let layout = ImageEncoder.Layout(width: 200, height: 40)
    let output = FullOutput(room: room)
    #expect(throws: ImageError.file(output.error)) {
      let encoder = try ImageEncoder(
        .png, compression: Compression(memoryLimit: memoryLimit), layout, output: output, name: "test")
      try samples(layout).withUnsafeBytes { rows in try encoder.write(rows, count: 40) }
      try encoder.finish()
    }
  }

  @Test("A picture without its last rows is an error", arguments: [0, 1 << 20])
  func missingRows(memoryLimit: Int) throws {
    let layout = ImageEncoder.Layout(width: 20, height: 40)
    #expect(throws: ImageError.self) {
      let encoder = try ImageEncoder(
        .png, compression: Compression(memoryLimit: memoryLimit), layout, output: MemoryOutput(), name: "test")
      try samples(layout).withUnsafeBytes { rows in try encoder.write(rows, count: 39) }
      try encoder.finish()
    }
  }
}
