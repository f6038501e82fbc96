import Testing

@testable import App

@Suite("Progress through pictures")
struct PictureProgressTests {
  private let begun = ContinuousClock.now

  @Test("The time left is in proportion to the files' sizes")
  func bytes() {
    var progress = PictureProgress(byteCounts: [100, 300, 600], begun: begun)
    progress.begin(0)
    #expect(progress.line(at: begun) == "1 of 3: ")
    progress.begin(1)
    progress.finish(0)
    #expect(progress.line(at: begun + .seconds(2)) == "2 of 3, 18 s left: ")
    progress.finish(1)
    progress.begin(2)
    #expect(progress.latest == 2)
    #expect(progress.line(at: begun + .seconds(100)) == "3 of 3, 2:30 min left: ")
  }

  @Test("Pictures that are passed over take no time")
  func skipping() {
    var progress = PictureProgress(byteCounts: [100, 300, 600], begun: begun)
    progress.skip(0)
    progress.begin(1)
    progress.finish(1)
    #expect(progress.line(at: begun + .seconds(3)) == "2 of 3, 6 s left: ")
  }

  @Test("Pictures count the same where a size is unknown", arguments: [nil, 0])
  func unknownSizes(size: Int?) {
    var progress = PictureProgress(byteCounts: [100, size, 600, 1], begun: begun)
    progress.begin(0)
    progress.finish(0)
    #expect(progress.line(at: begun + .seconds(1)) == "1 of 4, 3 s left: ")
  }
}
