/// A record of a TFRecord file: its length in 8 bytes, the length's masked CRC-32C in 4, the data, the data's masked CRC-32C in
/// 4; all numbers little-endian.
enum Record {
  static func framed(_ data: [UInt8]) -> [UInt8] {
    let length = littleEndian(UInt64(data.count))
    return length + checksum(of: length) + data + checksum(of: data)
  }

  private static func checksum(of bytes: [UInt8]) -> [UInt8] {
    littleEndian(bytes.withUnsafeBytes { CRC32C.masked(CRC32C.checksum(of: $0)) })
  }

  private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian, Array.init)
  }
}
