@testable import Imaging

extension ImageEncoder {
  /// Returns a file of samples, `[height, width, 3 or 4]`, which are written in parts of so many rows.
  static func file<Sample: FixedWidthInteger>(
    _ format: ImageFormat, _ samples: [Sample], _ layout: Layout, quality: Int = ImageFormat.defaultQuality,
    compression: Compression = Compression(), rowsAtATime: Int = 7
  ) throws -> [UInt8] {
    let output = MemoryOutput()
    let encoder = try ImageEncoder(
      format, quality: quality, compression: compression, layout, output: output, name: "test")
    try samples.withUnsafeBytes { bytes in
      for first in stride(from: 0, to: layout.height, by: rowsAtATime) {
        let count = min(rowsAtATime, layout.height - first)
        let start = first * layout.rowByteCount
        try encoder.write(
          UnsafeRawBufferPointer(rebasing: bytes[start..<start + count * layout.rowByteCount]), count: count)
      }
    }
    try encoder.finish()
    return output.bytes
  }
}

extension Raster {
  /// The samples, copied while the raster is certainly alive: `bytes` alone does not keep it.
  var samples: [UInt8] { withExtendedLifetime(self) { Array(bytes) } }
  /// The same of 16 bits.
  var words: [UInt16] { withExtendedLifetime(self) { Array(bytes.bindMemory(to: UInt16.self)) } }
}
