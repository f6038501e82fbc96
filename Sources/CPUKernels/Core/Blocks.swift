/// A fixed partition of equal units of work, such as rows, into blocks of neighbours. It depends on the work alone and
/// not on the number of threads, so that sums per block come out the same on any number.
struct Blocks {
  /// Units in all.
  let unitCount: Int
  /// Units of each block but the last.
  let unitsPerBlock: Int

  /// Elements of a block where nothing else decides: 64 KiB of each tensor, which takes some microseconds.
  static let defaultElementCount = 16 << 10

  /// Blocks of about `elements` elements, a whole multiple of `multiple` units each.
  init(unitCount: Int, elementsPerUnit: Int, elements: Int = defaultElementCount, multiple: Int = 1) {
    self.unitCount = unitCount
    unitsPerBlock = max(1, elements / max(1, elementsPerUnit) / multiple) * multiple
  }

  /// Number of blocks.
  var count: Int { (unitCount + unitsPerBlock - 1) / unitsPerBlock }

  /// The units of block `index`.
  @inline(__always)
  subscript(index: Int) -> Range<Int> {
    let first = index * unitsPerBlock
    return first..<min(first + unitsPerBlock, unitCount)
  }
}
