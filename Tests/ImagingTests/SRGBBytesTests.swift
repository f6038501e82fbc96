import Testing

@testable import Imaging

@Suite("Bytes of sRGB")
struct SRGBBytesTests {
  private func computed(_ light: Float) -> UInt8 { UInt8((255 * SRGB.encoded(light)).rounded()) }

  @Test("Bytes are those of the transfer function, on both sides of every step and of every bucket")
  func bytes() {
    var lights: [Float] = [0, .leastNonzeroMagnitude, 1]
    for bucket in 1..<4096 { lights.append(Float(bucket) / 4096) }
    for byte in 0..<255 {
      // About the light between two bytes, which a step is at.
      let light = SRGB.linear((Float(byte) + 0.5) / 255)
      for distance in -40...40 { lights.append(Float(bitPattern: UInt32(Int(light.bitPattern) + distance))) }
    }
    for light in lights {
      lights.append(light.nextDown)
      lights.append(light.nextUp)
    }
    SRGBBytes.table.withLookup { table in
      for light in lights where (0...1).contains(light) {
        #expect(table[light] == computed(light), "light \(light)")
      }
    }
  }

  @Test("Light outside 0...1 is clamped")
  func clamped() {
    SRGBBytes.table.withLookup { table in
      for light in [-1, -.infinity, -0.0, .nan] as [Float] { #expect(table[light] == 0) }
      for light in [Float(1).nextUp, 2, 1e30, .infinity] as [Float] { #expect(table[light] == 255) }
    }
  }
}
