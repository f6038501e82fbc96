import CPUKernels
import Runtime
import Testing

@Suite("CPU backend: memory")
struct CPUBackendTests {
  let backend: CPUBackend
  init() throws { backend = CPUBackend(threadCount: 2) }

  @Test("Uploaded bytes are downloaded unchanged, through regions too")
  func roundTrip() throws {
    let memory = try backend.allocate(byteCount: 1000)
    let region = try backend.region(of: memory, byteOffset: 128, byteCount: 100)
    let bytes = (0..<100).map { UInt8($0) }
    try bytes.withUnsafeBytes { try backend.upload($0, to: region, byteOffset: 0) }
    var back = [UInt8](repeating: 0, count: 50)
    try back.withUnsafeMutableBytes { try backend.download(memory, byteOffset: 128 + 50, into: $0) }
    #expect(back == Array(50..<100))
  }

  @Test("A region keeps its allocation alive")
  func regionOwnsMemory() throws {
    weak var weakMemory: DeviceMemory?
    var region: DeviceMemory?
    do {
      let memory = try backend.allocate(byteCount: 256)
      weakMemory = memory
      region = try backend.region(of: memory, byteOffset: 0, byteCount: 64)
    }
    #expect(weakMemory != nil && region?.byteCount == 64)
    region = nil
    #expect(weakMemory == nil)
  }

  @Test("Ranges outside, odd offsets and impossible sizes are refused")
  func errors() throws {
    let memory = try backend.allocate(byteCount: 256)
    #expect(throws: BackendError.self) { try backend.region(of: memory, byteOffset: 192, byteCount: 65) }
    #expect(throws: BackendError.self) { try backend.region(of: memory, byteOffset: 32, byteCount: 8) }
    #expect(throws: BackendError.self) { try backend.allocate(byteCount: Int.max) }
    var bytes = [UInt8](repeating: 0, count: 257)
    #expect(throws: BackendError.self) {
      try bytes.withUnsafeMutableBytes { try backend.download(memory, byteOffset: 0, into: $0) }
    }
    let foreign = DeviceMemory(byteCount: 256)
    #expect(throws: BackendError.self) { try backend.region(of: foreign, byteOffset: 0, byteCount: 8) }
  }
}
