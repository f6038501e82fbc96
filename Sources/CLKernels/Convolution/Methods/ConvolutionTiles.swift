import Runtime

/// The tiles of the GPU bodies. The kernels are built with these sizes, whatever defaults convolution_tiles.h has.
public struct ConvolutionTiles: Codable, Hashable, Sendable {
  /// Work-items of a group along the columns.
  public var groupColumns = 16
  /// Work-items of a group along the rows.
  public var groupRows = 8
  /// Runs of four rows that a work-item sums up.
  public var itemRowRuns = 2
  /// Runs of four columns that a work-item sums up.
  public var itemColumnRuns = 1
  /// Terms of the sum that are held in local memory at a time.
  public var depth = 16

  public init() {}

  /// Rows of a tile.
  var rows: Int { 4 * itemRowRuns * groupRows }
  /// Columns of a tile.
  var columns: Int { 4 * itemColumnRuns * groupColumns }
  var group: (Int, Int, Int) { (groupColumns, groupRows, 1) }

  /// What a program with such tiles is built with; `tensors` are those whose elements it reads and writes in runs.
  func definitions(_ tensors: Tensor...) -> KeyValuePairs<String, any KernelConstant> {
    [
      "GROUP_X": groupColumns, "GROUP_Y": groupRows, "ITEM_ROW_RUNS": itemRowRuns,
      "ITEM_COLUMN_RUNS": itemColumnRuns, "TILE_DEPTH": depth, "VECTOR": Self.vectorWidth(tensors),
    ]
  }

  /// Groups that fill a large GPU a few times over; where nothing better is known, a sum is split until there are as many.
  static let wantedGroups = 512

  /// Elements that may be read at a time: four if all offsets, strides and numbers of channels are multiples of four.
  private static func vectorWidth(_ tensors: [Tensor]) -> Int {
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
