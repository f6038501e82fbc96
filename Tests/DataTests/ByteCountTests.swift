import Testing

@testable import Data

@Suite("Sizes of data sets")
struct ByteCountTests {
  @Test func whatFitsIsCounted() throws {
    #expect(try ImageDataset.byteCount(width: 32, height: 16, count: 10, limit: 15_360) == 15_360)
    #expect(try ImageDataset.byteCount(width: 32, height: 16, count: 0, limit: 15_360) == 0)
    #expect(ImageDataset.byteLimit > 1 << 20)
  }

  @Test(
    arguments: [
      (32, 16, 11), (0, 16, 1), (32, -16, 1), (32, 16, -1), (1 << 40, 1 << 40, 1), (.max, .max, .max),
    ] as [(Int, Int, Int)])
  func whatDoesNotIsAnError(width: Int, height: Int, count: Int) {
    #expect(throws: DataError.imageSize(width: width, height: height, count: count, limit: 15_360)) {
      try ImageDataset.byteCount(width: width, height: height, count: count, limit: 15_360)
    }
  }
}
