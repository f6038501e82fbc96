/// A partition of tensors of one shape for work that looks at each element alone. Dense tensors are one long vector;
/// others are runs of channels.
struct ElementBlocks {
  private let blocks: Blocks
  private let isDense: Bool
  private let channels: Int

  /// A part: `rows` runs of `columns` elements.
  struct Block {
    let rows: Int
    let columns: Int
    /// In elements of a dense tensor, or in pixels.
    fileprivate let first: Int
    fileprivate let isDense: Bool
  }

  /// For tensors of `pixelCount` pixels of `channels` channels, all of them dense or not.
  init(pixelCount: Int, channels: Int, isDense: Bool) {
    self.isDense = isDense
    self.channels = channels
    blocks =
      isDense
      ? Blocks(unitCount: pixelCount * channels, elementsPerUnit: 1)
      : Blocks(unitCount: pixelCount, elementsPerUnit: channels)
  }

  var count: Int { blocks.count }

  @inline(__always)
  subscript(index: Int) -> Block {
    let range = blocks[index]
    return isDense
      ? Block(rows: 1, columns: range.count, first: range.lowerBound, isDense: true)
      : Block(rows: range.count, columns: channels, first: range.lowerBound, isDense: false)
  }
}

extension HostTensor {
  /// The first element of `block`.
  @inline(__always)
  func pointer(at block: ElementBlocks.Block) -> UnsafeMutablePointer<Element> {
    pointer + block.first * (block.isDense ? 1 : pixelStride)
  }
}
