import Runtime
import Testing

@Suite("OpenCL memory", .enabled(if: OpenCLDevice.isAvailable, OpenCLDevice.skipReason))
struct CLMemoryTests {
  @Test("Reading returns the written bytes, and a fill sets only its range")
  func roundTrip() throws {
    let fixture = try OpenCLFixture()
    let numbers = (0..<1000).map(Float.init)
    let memory = try fixture.memory(numbers)
    #expect(try fixture.values(of: memory) == numbers)
    try fixture.queue.fill(memory, with: 0, byteOffset: 400, byteCount: 400)
    let expected = numbers.enumerated().map { (100..<200).contains($0.offset) ? 0 : $0.element }
    #expect(try fixture.values(of: memory) == expected)
  }

  @Test("A region is a window on its buffer, and a region of a region too")
  func regions() throws {
    let fixture = try OpenCLFixture()
    let alignment = max(fixture.context.device.baseAddressAlignment, 64)
    let step = alignment / 4
    let numbers = (0..<step * 4).map(Float.init)
    let memory = try fixture.memory(numbers)
    let region = try CLMemory(regionOf: memory, byteOffset: alignment, byteCount: 3 * alignment)
    let inner = try CLMemory(regionOf: region, byteOffset: alignment, byteCount: alignment)
    #expect(try fixture.values(of: region) == Array(numbers[step...]))
    #expect(try fixture.values(of: inner) == Array(numbers[2 * step..<3 * step]))
    try fixture.write([Float](repeating: -1, count: step), to: inner)
    let after = try fixture.values(of: memory)
    #expect(after == numbers.enumerated().map { (2 * step..<3 * step).contains($0.offset) ? -1 : $0.element })
  }

  @Test("A region outlives the last reference to its buffer")
  func lifetime() throws {
    let fixture = try OpenCLFixture()
    func makeRegion() throws -> CLMemory {
      let memory = try fixture.memory([Float](repeating: 7, count: 4096))
      return try CLMemory(regionOf: memory, byteOffset: 0, byteCount: 4096)
    }
    let region = try makeRegion()
    #expect(try fixture.values(of: region) == [Float](repeating: 7, count: 1024))
  }

  @Test("A region outside its buffer is refused", arguments: [(-64, 64), (0, 4097), (4096, 64), (64, 4096), (0, 0)])
  func outside(byteOffset: Int, byteCount: Int) throws {
    let fixture = try OpenCLFixture()
    let memory = try CLMemory(context: fixture.context, byteCount: 4096)
    #expect(throws: BackendError.self) {
      try CLMemory(regionOf: memory, byteOffset: byteOffset, byteCount: byteCount)
    }
  }

  @Test("An allocation above the device's limit is out of memory, with the requested size")
  func outOfMemory() throws {
    let fixture = try OpenCLFixture()
    let tooMuch = fixture.context.device.maximumAllocationByteCount + 1
    do {
      _ = try CLMemory(context: fixture.context, byteCount: tooMuch)
      Issue.record("allocated")
    } catch {
      guard case .outOfMemory(let requested, let device) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(requested == tooMuch && device == fixture.context.device.name)
    }
  }

  @Test("Reading past the end is refused before the driver sees it")
  func pastTheEnd() throws {
    let fixture = try OpenCLFixture()
    let memory = try CLMemory(context: fixture.context, byteCount: 64)
    var bytes = [UInt8](repeating: 0, count: 65)
    #expect(throws: BackendError.self) {
      try bytes.withUnsafeMutableBytes { try fixture.queue.read(memory, byteOffset: 0, into: $0) }
    }
  }
}
