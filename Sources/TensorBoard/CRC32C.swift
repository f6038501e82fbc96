/// The cyclic redundancy check CRC-32C (Castagnoli), as in RFC 3720, appendix B.4.
enum CRC32C {
  /// The polynomial 0x1EDC6F41, its bits reversed.
  private static let polynomial: UInt32 = 0x82F6_3B78

  /// What a byte makes of an empty register.
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { register, _ in register & 1 == 0 ? register >> 1 : register >> 1 ^ polynomial }
  }

  static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
    table.withUnsafeBufferPointer { table in
      ~bytes.reduce(~0) { register, byte in table[Int(UInt8(truncatingIfNeeded: register) ^ byte)] ^ register >> 8 }
    }
  }

  /// The checksum as TFRecord files keep it: rotated and shifted, because the checksum of data that ends with its own
  /// checksum is always the same.
  static func masked(_ checksum: UInt32) -> UInt32 { (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8 }
}
