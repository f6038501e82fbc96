import Testing

@testable import TensorBoard

@Suite("Records of event files")
struct RecordTests {
  /// The examples of RFC 3720, appendix B.4, the usual check value, and no bytes.
  @Test(
    "Checksums are published ones",
    arguments: [
      ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
      (Array(0..<32), 0x46DD_794E), (Array((0..<32).reversed()), 0x113F_DB5C), (Array("123456789".utf8), 0xE306_9283),
      ([], 0),
    ] as [([UInt8], UInt32)])
  func checksums(bytes: [UInt8], expected: UInt32) {
    #expect(bytes.withUnsafeBytes(CRC32C.checksum) == expected)
  }

  /// The bytes that the tensorboard package's record writer produces for the record "abc".
  @Test("Records are those of TensorBoard")
  func records() {
    #expect(
      Record.framed(Array("abc".utf8)) == [
        3, 0, 0, 0, 0, 0, 0, 0, 176, 153, 73, 14, 97, 98, 99, 110, 87, 241, 33,
      ])
  }
}
