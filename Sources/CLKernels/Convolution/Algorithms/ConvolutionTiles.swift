import Runtime

/// Tiles of the GPU bodies' matrix products, in local memory and registers. The kernels are built with these sizes,
/// whatever defaults convolution_tiles.h has.
struct ConvolutionTiles: ProductTiles {
  /// Work-items of a group along the columns.
  var groupColumns = 16
  /// Work-items of a group along the rows.
  var groupRows = 8
  /// Runs of four rows that a work-item sums up.
  var itemRowRuns = 2
  /// Runs of four columns that a work-item sums up.
  var itemColumnRuns = 1
  /// Terms of the sum that are held in local memory at a time.
  var depth = 16

  /// Rows of a tile.
  var rows: Int { 4 * itemRowRuns * groupRows }
  /// Columns of a tile.
  var columns: Int { 4 * itemColumnRuns * groupColumns }
  var group: (Int, Int, Int) { (groupColumns, groupRows, 1) }

  /// Returns the constants that a program with such tiles is built with.
  /// - Parameters:
  ///   - vectorWidth: elements of the tensors that it reads and writes at a time.
  ///   - moments: whether a data sum also finds the moments of its tiles.
  func definitions(vectorWidth: Int, moments: Bool = false) -> KeyValuePairs<String, any KernelConstant> {
    [
      "GROUP_X": groupColumns, "GROUP_Y": groupRows, "ITEM_ROW_RUNS": itemRowRuns,
      "ITEM_COLUMN_RUNS": itemColumnRuns, "TILE_DEPTH": depth, "VECTOR": vectorWidth,
      "MOMENTS": moments,
    ]
  }

  /// Whether the kernels' guards in convolution_tiles.h let these sizes pass, and the device has room for them.
  func fit(on device: CLDevice, vectorWidth vector: Int) -> Bool {
    let sides = 1...64
    guard sides ~= groupColumns, sides ~= groupRows, 1...8 ~= itemRowRuns, 1...8 ~= itemColumnRuns, sides ~= depth
    else { return false }
    let items = groupColumns * groupRows
    guard device.allows(group: group), localByteCount <= device.localMemoryByteCount,
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

  var holdMoments: Bool { groupRows * columns <= depth * (rows + 4) }

  /// Tiles that are good where nothing was measured, and smaller ones for devices that have no room for them.
  static let standard: [ConvolutionTiles] = [
    ConvolutionTiles(),
    ConvolutionTiles(groupColumns: 8, groupRows: 8, itemRowRuns: 1, itemColumnRuns: 1, depth: 16),
    ConvolutionTiles(groupColumns: 4, groupRows: 4, itemRowRuns: 1, itemColumnRuns: 1, depth: 16),
  ]

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

  var neighbours: [ConvolutionTiles] {
    scaling(\.depth) + stepping(\.itemRowRuns) + stepping(\.itemColumnRuns) + scaling(\.groupRows)
      + scaling(\.groupColumns)
  }

  /// Groups that fill a large GPU a few times over; where nothing better is known, a sum is split until there are as
  /// many.
  static let wantedGroups = 512

  var description: String { "\(rows)×\(columns)×\(depth) by \(groupRows)×\(groupColumns)" }
}
