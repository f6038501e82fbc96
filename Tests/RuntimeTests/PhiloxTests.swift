import Runtime
import Testing

@Suite("Philox")
struct PhiloxTests {
  /// The known answers that come with Random123 (kat_vectors, philox4x32 10).
  @Test(
    "The known answers of Random123",
    arguments: [
      (
        SIMD4<UInt32>(0, 0, 0, 0), SIMD2<UInt32>(0, 0),
        SIMD4<UInt32>(0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)
      ),
      (
        SIMD4<UInt32>(repeating: .max), SIMD2<UInt32>(repeating: .max),
        SIMD4<UInt32>(0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)
      ),
      (
        SIMD4<UInt32>(0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), SIMD2<UInt32>(0xa409_3822, 0x299f_31d0),
        SIMD4<UInt32>(0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
      ),
    ])
  func knownAnswers(counter: SIMD4<UInt32>, key: SIMD2<UInt32>, expected: SIMD4<UInt32>) {
    #expect(Philox.block(counter: counter, key: key) == expected)
  }

  @Test("Words follow the blocks")
  func words() {
    let seed: UInt64 = 0x0123_4567_89ab_cdef
    let stream: UInt64 = 0xfedc_ba98_7654_3210
    var random = Philox(seed: seed, stream: stream)
    for index in 0..<11 {
      let block = Philox.block(
        counter: SIMD4(UInt32(index / 4), 0, 0x7654_3210, 0xfedc_ba98), key: SIMD2(0x89ab_cdef, 0x0123_4567))
      #expect(random.nextWord() == block[index % 4])
    }
  }

  @Test("Integers are evenly distributed")
  func integers() {
    var random = Philox(seed: 1, stream: 2)
    var histogram = [Int](repeating: 0, count: 7)
    for _ in 0..<70_000 { histogram[Int(random.nextInteger(below: 7))] += 1 }
    // The standard deviation of a count is 93.
    for count in histogram { #expect(abs(count - 10_000) < 500) }
  }

  @Test("Uniform numbers fill their range")
  func uniforms() {
    var random = Philox(seed: 3, stream: 0)
    let values = (0..<10_000).map { _ in random.nextUniform(in: -2...6) }
    let mean = values.reduce(0, +) / 10_000
    #expect(values.allSatisfy { $0 >= -2 && $0 <= 6 })
    #expect(abs(mean - 2) < 0.1)
  }

  @Test("Permutations hold every number once", arguments: [0, 1, 2, 1000])
  func permutations(count: Int) {
    var random = Philox(seed: 7, stream: 7)
    let order = random.nextPermutation(of: count)
    #expect(order.sorted() == Array(0..<UInt32(count)))
    var again = Philox(seed: 7, stream: 7)
    #expect(again.nextPermutation(of: count) == order)
    var other = Philox(seed: 8, stream: 7)
    if count == 1000 { #expect(other.nextPermutation(of: count) != order) }
  }
}
