import CVectorLoops
import Runtime

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
    unitsPerBlock = max(1, elements / elementsPerUnit / multiple) * multiple
  }

  /// Number of blocks.
  var count: Int { ceilDivide(unitCount, unitsPerBlock) }

  /// The units of block `index`.
  @inline(__always)
  subscript(index: Int) -> Range<Int> {
    let first = index * unitsPerBlock
    return first..<min(first + unitsPerBlock, unitCount)
  }
}

/// A partition of tensors of one shape for work on each element by itself. Dense tensors are one long vector; others
/// are runs of channels.
struct ElementBlocks {
  private let blocks: Blocks
  private let isDense: Bool
  private let channels: Int

  struct Block {
    let size: vector_size
    /// In elements of a dense tensor, or in pixels.
    fileprivate let first: Int
    fileprivate let isDense: Bool
  }

  /// For tensors of one shape, the first of which is given.
  init(_ first: Tensor, _ others: Tensor?...) {
    self.init(first, isDense: first.isDense && others.allSatisfy { $0?.isDense ?? true })
  }

  /// For a tensor of whose pixels each block has whole ones, and for others with as many pixels.
  init(pixelsOf tensor: Tensor) { self.init(tensor, isDense: false) }

  private init(_ tensor: Tensor, isDense: Bool) {
    self.isDense = isDense
    channels = tensor.shape.channels
    blocks =
      isDense
      ? Blocks(unitCount: tensor.shape.count, elementsPerUnit: 1)
      : Blocks(unitCount: tensor.shape.pixelCount, elementsPerUnit: channels)
  }

  var count: Int { blocks.count }

  @inline(__always)
  subscript(index: Int) -> Block {
    let range = blocks[index]
    return isDense
      ? Block(size: vector_size(rows: 1, columns: range.count), first: range.lowerBound, isDense: true)
      : Block(size: vector_size(rows: range.count, columns: channels), first: range.lowerBound, isDense: false)
  }
}

extension HostTensor<Float> {
  /// Returns the rows of `block`.
  @inline(__always)
  func rows(of block: ElementBlocks.Block) -> vector_rows {
    vector_rows(start: pointer + block.first * (block.isDense ? 1 : pixelStride), stride: pixelStride)
  }
}
