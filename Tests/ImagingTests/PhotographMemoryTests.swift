import Testing

@testable import Imaging

@Suite("Memory of a photograph")
struct PhotographMemoryTests {
  private func memory(_ color: RasterColor, hasAlpha: Bool = false, bytesPerSample: Int = 1, fileByteCount: Int = 500)
    -> PhotographMemory
  {
    PhotographMemory(
      width: 40, height: 25, color: color, hasAlpha: hasAlpha, bytesPerSample: bytesPerSample,
      fileByteCount: fileByteCount)
  }

  @Test("Pixels count with the file while they are decoded, and with the colored ones while these are written")
  func phases() {
    #expect(memory(.rgb).byteCount(writtenAs: .png, quality: 92) == 3000 + 500 + 2 * 3000)
    #expect(memory(.gray).byteCount(writtenAs: .jpeg, quality: 92) == 1000 + 2 * 3000)
    #expect(
      memory(.gray, hasAlpha: true, bytesPerSample: 2).byteCount(writtenAs: .tiff, quality: 92) == 4000 + 2 * 8000)
    #expect(memory(.cmyk, fileByteCount: 9000).byteCount(writtenAs: .png, quality: 92) == 4000 + 9000 + 2 * 4000)
  }

  @Test("A lossless WebP picture takes several times the memory of a lossy one")
  func losslessWebP() {
    let (lossy, lossless) = (
      memory(.gray).byteCount(writtenAs: .webp, quality: 99), memory(.gray).byteCount(writtenAs: .webp, quality: 100)
    )
    #expect(lossy == 1000 + 9000 && lossless == 1000 + 30_000)
  }
}
