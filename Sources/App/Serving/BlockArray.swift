/// Elements in the order in which they were appended, in blocks. A copy shares all blocks, and an addition to it copies
/// the last one alone, with the list of blocks.
struct BlockArray<Element: Sendable>: RandomAccessCollection, Sendable {
  /// All blocks but the last have `blockCount` elements, and none is empty.
  private var blocks: [[Element]] = []
  private(set) var count = 0

  /// Elements of a block.
  static var blockCount: Int { 4096 }

  var startIndex: Int { 0 }
  var endIndex: Int { count }

  subscript(index: Int) -> Element { blocks[index / Self.blockCount][index % Self.blockCount] }

  mutating func append(_ element: Element) {
    if count.isMultiple(of: Self.blockCount) {
      blocks.append([element])
    } else {
      blocks[blocks.count - 1].append(element)
    }
    count += 1
  }

  /// Removes the last elements, of which there must be so many.
  mutating func removeLast(_ removed: Int) {
    count -= removed
    blocks.removeLast(blocks.count - (count + Self.blockCount - 1) / Self.blockCount)
    guard let last = blocks.last else { return }
    blocks[blocks.count - 1].removeLast(last.count - (count - (blocks.count - 1) * Self.blockCount))
  }
}

extension BlockArray: ExpressibleByArrayLiteral {
  init(arrayLiteral elements: Element...) {
    for element in elements { append(element) }
  }
}

extension BlockArray: Equatable where Element: Equatable {
  static func == (first: Self, second: Self) -> Bool { first.elementsEqual(second) }
}
