import CVectorLoops
import Runtime

/// A partition of tensors for loops that work per channel: into rows of columns, and those into tasks.
///
/// Vectors run along the columns. Where there are few channels and no gaps, `folds` neighbouring pixels make one row of
/// folds · channels columns, so that rows fill whole vectors; channel c is then columns c, c + channels, …
struct ChannelLayout {
  let pixelCount: Int
  let channels: Int
  /// Neighbouring pixels in one row. 1 unless the tensors are dense.
  let folds: Int
  /// Blocks of pixels, whole rows but for the last block's rest.
  let blocks: Blocks
  /// Columns that one task sums up; all of them where folds > 1.
  let columnsPerTask: Int

  /// Columns of the loops' innermost block: four of the widest vectors.
  private static let columnsPerGroup = 64
  /// Pixels that blocks are a whole multiple of.
  private let blockMultiple: Int

  /// Elements of a task that sums up.
  private static let elementsPerTask = 32 << 10

  /// - Parameters:
  ///   - isDense: whether all tensors of the loop are dense.
  ///   - wholePixels: where given, a task takes all channels of a multiple of this many pixels.
  init(_ shape: Shape, isDense: Bool, wholePixels: Int? = nil) {
    (pixelCount, channels) = (shape.pixelCount, shape.channels)
    var folds = 1
    if isDense && channels < Self.columnsPerGroup {
      // The smallest number of pixels that fills whole vectors of 16, and of those enough for a group.
      folds = 16 >> min(4, channels.trailingZeroBitCount)
      folds *= (Self.columnsPerGroup + folds * channels - 1) / (folds * channels)
    }
    self.folds = folds <= pixelCount ? folds : 1
    if let wholePixels {
      var multiple = wholePixels
      while !multiple.isMultiple(of: self.folds) { multiple += wholePixels }
      blockMultiple = multiple
      columnsPerTask = self.folds * channels
      blocks = Blocks(unitCount: pixelCount, elementsPerUnit: channels, multiple: multiple)
      return
    }
    blockMultiple = self.folds
    columnsPerTask = self.folds > 1 ? self.folds * channels : min(channels, Self.columnsPerGroup)
    blocks = Blocks(
      unitCount: pixelCount, elementsPerUnit: self.folds > 1 ? channels : columnsPerTask,
      elements: Self.elementsPerTask, multiple: self.folds)
  }

  /// Elements of a row.
  var columns: Int { folds * channels }
  /// Tasks that share the channels among them.
  var columnTaskCount: Int { ceilDivide(columns, columnsPerTask) }
  /// Tasks that sum up.
  var taskCount: Int { blocks.count * columnTaskCount }

  /// The block and the columns of a summing task. Task `index` is for block `index / columnTaskCount`.
  func task(_ index: Int) -> Task {
    let (block, part) = index.quotientAndRemainder(dividingBy: columnTaskCount)
    let pixels = blocks[block]
    let first = part * columnsPerTask
    return Task(
      block: block, firstPixel: pixels.lowerBound, rows: pixels.count / folds, rest: pixels.count % folds,
      firstColumn: first, columns: min(columnsPerTask, columns - first))
  }

  struct Task {
    let block: Int
    let firstPixel: Int
    /// Whole rows.
    let rows: Int
    /// Pixels after the last whole row, fewer than the layout's `folds`.
    let rest: Int
    let firstColumn: Int
    let columns: Int
  }

  /// Blocks of pixels for work on each row by itself.
  var rowBlocks: Blocks { Blocks(unitCount: pixelCount, elementsPerUnit: channels, multiple: blockMultiple) }
}

/// Numbers per channel that the host computes in each run, repeated for each of a layout's folds.
struct ChannelConstants {
  private let values: UnsafeMutablePointer<Float>
  private let columns: Int
  private let channels: Int

  /// Room for `kinds` numbers per channel.
  init(_ layout: ChannelLayout, kinds: Int, _ binding: inout Binding) {
    (columns, channels) = (layout.columns, layout.channels)
    values = binding.copy([Float](repeating: 0, count: kinds * layout.columns))
  }

  /// The numbers of one kind, one per column of the layout.
  @inline(__always)
  subscript(kind: Int) -> UnsafeMutablePointer<Float> { values + kind * columns }

  /// Returns the first three kinds from `column` on: center, factor and offset.
  @inline(__always)
  func normalization(_ activation: vector_activation, column: Int = 0) -> vector_normalization {
    vector_normalization(
      center: self[0] + column, factor: self[1] + column, offset: self[2] + column, activation: activation)
  }

  /// Copies the first fold's numbers of each of the first `kinds` kinds to the other folds.
  func repeatFolds(kinds: Int) {
    for kind in 0..<kinds {
      let values = self[kind]
      for column in stride(from: channels, to: columns, by: channels) {
        (values + column).update(from: values, count: channels)
      }
    }
  }
}

extension HostTensor<Float> {
  /// Returns the rows of `layout` from `pixel` and `column` on.
  @inline(__always)
  func rows(from pixel: Int, column: Int = 0, in layout: ChannelLayout) -> vector_rows {
    vector_rows(start: self.pixel(pixel) + column, stride: layout.folds * pixelStride)
  }
}
