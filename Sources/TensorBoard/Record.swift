/// A record of a TFRecord file: the length of the data in 8 bytes, the length's masked CRC-32C in 4, the data, the
/// data's masked CRC-32C in 4; all numbers are little-endian.
enum Record {
  /// Returns the record that holds `data`.
  static func framed(_ data: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(data.count))
    return length + checksum(of: length) + data + checksum(of: data)
  }

  /// Bytes before the data, and after them.
  static let headByteCount = 12
  static let tailByteCount = 4

  /// Returns the length of the data by the bytes before them; nil where these are damaged.
  static func length(of head: ArraySlice<UInt8>) -> Int? {
    let length = Array(head.prefix(8))
    guard checksum(of: length) == Array(head.dropFirst(8)) else { return nil }
    return Int(exactly: length.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
      .flatMap { $0 <= Int.max - headByteCount - tailByteCount ? $0 : nil }
  }

  private static func checksum(of bytes: [UInt8]) -> [UInt8] {
    littleEndian(bytes.withUnsafeBytes { CRC32C.masked(CRC32C.checksum(of: $0)) })
  }

  private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian, Array.init)
  }
}

/// The cyclic redundancy check CRC-32C (Castagnoli), as in RFC 3720, appendix B.4.
enum CRC32C {
  /// The polynomial 0x1EDC6F41, its bits reversed.
  private static let polynomial: UInt32 = 0x82F6_3B78

  /// The register after each byte, starting from 0.
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { register, _ in register & 1 == 0 ? register >> 1 : register >> 1 ^ polynomial }
  }

  /// Returns the checksum of `bytes`.
  static func checksum(of bytes: UnsafeRawBufferPointer) -> UInt32 {
    table.withUnsafeBufferPointer { table in
      ~bytes.reduce(~0) { register, byte in table[Int(UInt8(truncatingIfNeeded: register) ^ byte)] ^ register >> 8 }
    }
  }

  /// Returns the checksum as TFRecord files store it, rotated and offset: the plain checksum of data that ends with its
  /// own checksum is always the same.
  static func masked(_ checksum: UInt32) -> UInt32 { (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8 }
}
