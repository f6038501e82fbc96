import Runtime

/// The tiles of the GPU bodies. The kernels are built with these sizes, whatever defaults convolution_tiles.h has.
enum ConvolutionTiles {
  /// Work-items of a group: along the columns, along the rows, 1.
  static let group = (16, 8, 1)
  /// Runs of four rows, and of four columns, that a work-item sums up.
  private static let itemRowRuns = 2
  private static let itemColumnRuns = 1
  /// Terms of the sum that are held in local memory at a time.
  private static let depth = 16
  /// Rows and columns of a tile.
  static let rows = 4 * itemRowRuns * group.1
  static let columns = 4 * itemColumnRuns * group.0

  /// What a program with such tiles is built with; `tensors` are those whose elements it reads and writes in runs.
  static func definitions(_ tensors: Tensor...) -> KeyValuePairs<String, any KernelConstant> {
    [
      "GROUP_X": group.0, "GROUP_Y": group.1, "ITEM_ROW_RUNS": itemRowRuns, "ITEM_COLUMN_RUNS": itemColumnRuns,
      "TILE_DEPTH": depth, "VECTOR": vectorWidth(tensors),
    ]
  }

  /// Groups that fill a large GPU a few times over; a sum is split until there are as many.
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
