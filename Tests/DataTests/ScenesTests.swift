import Imaging
import Testing

@testable import Data

@Suite("Scenes")
struct ScenesTests {
  @Test("Scenes are functions of seed, part and number")
  func determinism() throws {
    let set = try Scenes.dataset(.training, count: 40)
    #expect(set.count == 40 && set.width == 32 && set.height == 32 && set.labels?.count == 40)
    #expect(try set.bytes == Scenes.dataset(.training, count: 40).bytes)
    #expect(try Scenes.dataset(.training, count: 7).bytes.elementsEqual(set.bytes.prefix(7 * 3072)))
    #expect(try set.bytes != Scenes.dataset(.test, count: 40).bytes)
    #expect(try set.bytes != Scenes.dataset(.training, count: 40, seed: 1).bytes)
    #expect(Set((0..<40).map { set[$0].bytes }).count == 40)
  }

  @Test("Every setting occurs", arguments: Scenes.Setting.allCases)
  func settings(setting: Scenes.Setting) throws {
    let labels = try Scenes.dataset(.training, count: 300).labels ?? []
    #expect(labels.filter { $0 == UInt16(setting.rawValue) }.count > 20)
  }

  @Test("Scenes of other sizes have the same settings")
  func sizes() throws {
    let large = try Scenes.dataset(.test, count: 12, width: 96, height: 48)
    #expect(large.width == 96 && large.height == 48)
    let small = try Scenes.dataset(.test, count: 12)
    #expect(large.labels == small.labels)
  }

  /// The colors of objects do not show in their gray copies.
  @Test("Hues have the same mean", arguments: [0.36, 0.45, 0.54] as [Float])
  func hues(mean: Float) {
    for hue in stride(from: Float(0), to: 1, by: 0.05) {
      let color = SceneColor(hue: hue, mean: mean)
      #expect(abs(color.sum() / 3 - mean) < 1e-5, "hue \(hue)")
      #expect(color.min() >= 0 && color.max() <= 1 && color.max() - color.min() > 0.3, "hue \(hue)")
    }
  }

  @Test("Skies are mostly blue and scenes colorful")
  func colors() throws {
    let set = try Scenes.dataset(.training, count: 200)
    let blueSkies = (0..<200).filter { set[$0][16, 0].blue > set[$0][16, 0].red }.count
    #expect(blueSkies > 120)
    let colorfulness = (0..<200).map { set[$0].colorfulness }.reduce(0, +) / 200
    #expect(colorfulness > 40)
  }

  @Test("Impossible sizes are errors", arguments: [(0, 32), (32, -32), (4096, 1 << 30), (1 << 62, 1 << 62)])
  func impossibleSizes(width: Int, height: Int) {
    #expect(throws: DataError.self) { _ = try Scenes.dataset(.training, width: width, height: height) }
  }
}
