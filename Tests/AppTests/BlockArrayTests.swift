import Testing

@testable import App

@Suite("Block array")
struct BlockArrayTests {
  private let block = BlockArray<Int>.blockCount

  private func array(_ count: Int) -> BlockArray<Int> {
    var array = BlockArray<Int>()
    for element in 0..<count { array.append(element) }
    return array
  }

  @Test("Elements are those that were appended, and a copy keeps its own")
  func copies() {
    let count = 2 * block + 10
    let first = array(count)
    var second = first
    second.append(-1)
    #expect(Array(first) == Array(0..<count) && first.last == count - 1)
    #expect(Array(second) == Array(0..<count) + [-1])
    #expect(Array(second[(block - 1)...].prefix(2)) == [block - 1, block])
    #expect(first != second && BlockArray<Int>() == [] && [1, 2] != BlockArray<Int>())
  }

  @Test("The last elements are removed, also whole blocks, and others take their places", arguments: [0, 1, 9, 10, 11])
  func removal(removed: Int) {
    for (count, removed) in [(10 + 2 * block, removed), (2 * block + 1, block + 1 - min(removed, 1)), (11, removed)] {
      var array = array(count)
      let copy = array
      array.removeLast(removed)
      #expect(Array(array) == Array(0..<count - removed), "\(count) - \(removed)")
      for element in 0..<block + 1 { array.append(-element) }
      #expect(Array(array) == Array(0..<count - removed) + (0..<block + 1).map { -$0 }, "\(count) - \(removed)")
      #expect(Array(copy) == Array(0..<count))
    }
    var all = array(2 * block)
    all.removeLast(2 * block)
    #expect(all.isEmpty)
    all.append(3)
    #expect(all == [3])
  }
}
