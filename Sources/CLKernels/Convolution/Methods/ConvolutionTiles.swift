import Runtime

/// The tiles of the GPU bodies. The kernels are built with these sizes, whatever defaults convolution_tiles.h has.
public struct ConvolutionTiles: Codable, Hashable, Sendable {
  /// Work-items of a group along the columns.
  public var groupColumns: Int
  /// Work-items of a group along the rows.
  public var groupRows: Int
  /// Runs of four rows that a work-item sums up.
  public var itemRowRuns: Int
  /// Runs of four columns that a work-item sums up.
  public var itemColumnRuns: Int
  /// Terms of the sum that are held in local memory at a time.
  public var depth: Int

  public init(
    groupColumns: Int = 16, groupRows: Int = 8, itemRowRuns: Int = 2, itemColumnRuns: Int = 1, depth: Int = 16
  ) {
    self.groupColumns = groupColumns
    self.groupRows = groupRows
    self.itemRowRuns = itemRowRuns
    self.itemColumnRuns = itemColumnRuns
    self.depth = depth
  }

  /// Rows of a tile.
  var rows: Int { 4 * itemRowRuns * groupRows }
  /// Columns of a tile.
  var columns: Int { 4 * itemColumnRuns * groupColumns }
  var group: (Int, Int, Int) { (groupColumns, groupRows, 1) }

  /// What a program with such tiles is built with; `tensors` are those whose elements it reads and writes in runs.
  func definitions(_ tensors: [Tensor]) -> KeyValuePairs<String, any KernelConstant> {
    [
      "GROUP_X": groupColumns, "GROUP_Y": groupRows, "ITEM_ROW_RUNS": itemRowRuns,
      "ITEM_COLUMN_RUNS": itemColumnRuns, "TILE_DEPTH": depth, "VECTOR": Self.vectorWidth(tensors),
    ]
  }

  /// Whether the kernels' guards in convolution_tiles.h let these sizes pass, and the device has room for them.
  func isUsable(_ tensors: [Tensor], on device: CLDevice) -> Bool {
    let sides = 1...64
    guard sides ~= groupColumns, sides ~= groupRows, 1...8 ~= itemRowRuns, 1...8 ~= itemColumnRuns, sides ~= depth
    else { return false }
    let items = groupColumns * groupRows
    let vector = Self.vectorWidth(tensors)
    guard items <= device.maximumWorkGroupSize, localByteCount <= device.localMemoryByteCount,
      depth.isMultiple(of: 4), items.isMultiple(of: depth / vector)
    else { return false }
    let deepLines = items / (depth / vector)
    return [rows, columns].allSatisfy { side in
      let acrossItems = side / vector
      return side.isMultiple(of: deepLines) && items.isMultiple(of: acrossItems)
        && depth.isMultiple(of: items / acrossItems)
    }
  }

  /// Local memory of a group: two tiles, whose lines have four elements more.
  private var localByteCount: Int { depth * (rows + 4 + columns + 4) * ElementType.float32.byteCount }

  /// Different compromises between the reads that a tile saves and the groups that it leaves.
  static let candidates: [ConvolutionTiles] = [
    ConvolutionTiles(),
    ConvolutionTiles(groupColumns: 16, groupRows: 16, itemRowRuns: 2, itemColumnRuns: 2, depth: 16),
    ConvolutionTiles(groupColumns: 16, groupRows: 16, itemRowRuns: 2, itemColumnRuns: 1, depth: 16),
    ConvolutionTiles(groupColumns: 16, groupRows: 8, itemRowRuns: 2, itemColumnRuns: 2, depth: 16),
    ConvolutionTiles(groupColumns: 16, groupRows: 16, itemRowRuns: 1, itemColumnRuns: 1, depth: 16),
    ConvolutionTiles(groupColumns: 8, groupRows: 16, itemRowRuns: 2, itemColumnRuns: 1, depth: 16),
    ConvolutionTiles(groupColumns: 8, groupRows: 8, itemRowRuns: 1, itemColumnRuns: 1, depth: 16),
  ]

  /// The same with one size changed.
  var neighbours: [ConvolutionTiles] {
    func changed(_ size: WritableKeyPath<ConvolutionTiles, Int>, _ values: [Int]) -> [ConvolutionTiles] {
      values.map { value in
        var copy = self
        copy[keyPath: size] = value
        return copy
      }
    }
    return changed(\.depth, [depth / 2, depth * 2])
      + changed(\.itemRowRuns, [itemRowRuns - 1, itemRowRuns + 1])
      + changed(\.itemColumnRuns, [itemColumnRuns - 1, itemColumnRuns + 1])
      + changed(\.groupRows, [groupRows / 2, groupRows * 2])
      + changed(\.groupColumns, [groupColumns / 2, groupColumns * 2])
  }

  /// Groups that fill a large GPU a few times over; where nothing better is known, a sum is split until there are as many.
  static let wantedGroups = 512

  /// Elements that may be read at a time: four if all offsets, strides and numbers of channels are multiples of four.
  static func vectorWidth(_ tensors: [Tensor]) -> Int {
    tensors.allSatisfy { tensor in
      [tensor.offset, tensor.pixelStride, tensor.shape.channels].allSatisfy { $0.isMultiple(of: 4) }
    } ? 4 : 1
  }
}

func ceilDivide(_ dividend: Int, _ divisor: Int) -> Int { (dividend + divisor - 1) / divisor }

/// Throws unless the kernels can count to `value` with an int.
func requireInt(_ value: Int, _ what: String, _ operation: String) throws(BackendError) {
  guard value <= Int(Int32.max) / 2 else {
    throw .invalidOperation(operation: operation, reason: "\(value) \(what) are too many; use a smaller batch")
  }
}

extension ConvolutionTiles: CustomStringConvertible {
  public var description: String { "\(rows)×\(columns)×\(depth) by \(groupRows)×\(groupColumns)" }
}

/// A number of parts in a search: twice as many, half as many.
func neighbouringSplits(_ splits: Int) -> [Int] { [splits * 2, splits / 2].filter { $0 > 0 } }
