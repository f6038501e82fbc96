import Testing

@testable import Runtime

@Suite("Addresses on the PCI bus")
struct PCIAddressTests {
  @Test("They are written as Linux does")
  func text() {
    #expect("\(PCIAddress(domain: 0, bus: 0x3B, device: 0, function: 0))" == "0000:3b:00.0")
    #expect("\(PCIAddress(domain: 0x1_0000, bus: 0xA, device: 31, function: 7))" == "10000:0a:1f.7")
  }

  @Test("AMD's topology has them in its last bytes")
  func topology() {
    var bytes = [UInt8](repeating: 0, count: 24)
    (bytes[0], bytes[21], bytes[22], bytes[23]) = (1, 0xC3, 2, 1)
    #expect(PCIAddress(topology: bytes) == PCIAddress(domain: 0, bus: 0xC3, device: 2, function: 1))
    bytes[0] = 2
    #expect(PCIAddress(topology: bytes) == nil && PCIAddress(topology: Array(bytes.dropLast())) == nil)
  }
}
