import Runtime

/// The tiles of the tensor-core bodies. The kernels are built with these sizes, whatever defaults tensor_tiles.h has.
public struct TensorTiles: Codable, Hashable, Sendable {
  /// How operands are rounded; not `float32`.
  public var precision: Precision
  /// Warps of a group along the rows.
  public var warpsAlongRows: Int
  /// Warps of a group along the columns.
  public var warpsAlongColumns: Int
  /// Rows that a warp sums up.
  public var warpRows: Int
  /// Columns that a warp sums up.
  public var warpColumns: Int
  /// Terms of the sum that a tile holds.
  public var depth: Int
  /// Tiles in local memory at a time that are filled by asynchronous copies; 0 for two that are filled by way of registers.
  public var asynchronousStages: Int

  public init(
    _ precision: Precision, warpsAlongRows: Int, warpsAlongColumns: Int, warpRows: Int, warpColumns: Int,
    depth: Int = 16, asynchronousStages: Int = 0
  ) {
    self.precision = precision
    self.warpsAlongRows = warpsAlongRows
    self.warpsAlongColumns = warpsAlongColumns
    self.warpRows = warpRows
    self.warpColumns = warpColumns
    self.depth = depth
    self.asynchronousStages = asynchronousStages
  }

  /// Rows of a tile.
  var rows: Int { warpsAlongRows * warpRows }
  /// Columns of a tile.
  var columns: Int { warpsAlongColumns * warpColumns }
  private var items: Int { warpsAlongRows * warpsAlongColumns * Self.warpSize }
  var group: (Int, Int, Int) { (items, 1, 1) }

  private static let warpSize = 32

  /// Which of rows and columns are the left lines of the products (tensor_tiles.h), and how the right ones lie.
  enum Kernel {
    /// Columns are the left lines; rows lie deep.
    case gather
    /// Rows are the left lines; columns lie wide.
    case filter
  }

  /// What a program with such tiles is built with.
  /// - Parameters:
  ///   - tensors: those whose elements it reads in runs.
  ///   - transposed: whether a gather reads weights whose input channels are the columns.
  func definitions(_ kernel: Kernel, _ tensors: [Tensor], transposed: Bool = false, on device: CLDevice)
    -> KeyValuePairs<String, any KernelConstant>
  {
    let (left, right) = sides(kernel)
    return [
      "PRODUCT_PRECISION": precision == .splitBFloat16 ? "PRODUCT_BF16" : "PRODUCT_TF32",
      "TENSOR_EMULATION": !device.hasTensorCores, "WARPS_ALONG_LEFT": left.warps, "WARPS_ALONG_RIGHT": right.warps,
      "WARP_LEFT": left.lines, "WARP_RIGHT": right.lines, "TILE_DEPTH": depth,
      "ASYNC_COPY": asynchronousStages > 0, "TILE_STAGES": stages,
      "VECTOR": ConvolutionTiles.vectorWidth(tensors), "TRANSPOSED": transposed,
    ]
  }

  private var stages: Int { asynchronousStages > 0 ? asynchronousStages : 2 }

  /// One side of the product: warps along it, lines of each.
  private struct Side {
    let warps: Int
    let lines: Int

    var tileLines: Int { warps * lines }
  }

  private func sides(_ kernel: Kernel) -> (left: Side, right: Side) {
    let rows = Side(warps: warpsAlongRows, lines: warpRows)
    let columns = Side(warps: warpsAlongColumns, lines: warpColumns)
    return kernel == .gather ? (columns, rows) : (rows, columns)
  }

  /// Whether the kernels' guards in tensor_tiles.h let these sizes pass, and the device has room for them.
  func isUsable(_ kernel: Kernel, _ tensors: [Tensor], on device: CLDevice) -> Bool {
    let (left, right) = sides(kernel)
    guard precision != .float32, [left, right].allSatisfy({ 1...8 ~= $0.warps && 1...128 ~= $0.lines }),
      left.lines.isMultiple(of: 16), right.lines.isMultiple(of: 32), 1...64 ~= depth, depth.isMultiple(of: 16),
      asynchronousStages == 0 || 2...8 ~= asynchronousStages, items <= device.maximumWorkGroupSize,
      localByteCount(kernel, on: device) <= device.localMemoryByteCount
    else { return false }
    let vector = ConvolutionTiles.vectorWidth(tensors)
    let deepItems = depth / vector
    guard items.isMultiple(of: deepItems), (items / deepItems).isMultiple(of: 8) else { return false }
    return [rows, columns].allSatisfy { side in
      guard side.isMultiple(of: vector), items.isMultiple(of: side / vector) else { return false }
      return side.isMultiple(of: items / deepItems) && depth.isMultiple(of: items / (side / vector))
    }
  }

  /// Local memory of a group.
  private func localByteCount(_ kernel: Kernel, on device: CLDevice) -> Int {
    let (left, right) = sides(kernel)
    let deep = right.tileLines * (depth + 4)
    var words = stages * (wideWords(left) + (kernel == .gather ? deep : wideWords(right)))
    // Where the terms are.
    if kernel == .filter { words += 2 * depth * 4 }
    // What the emulated lanes exchange: the registers of all left fragments and of four right ones.
    if !device.hasTensorCores { words += items * (left.lines / 16 * 4 + 4 * 2) }
    return words * MemoryLayout<UInt32>.size
  }

  private func wideWords(_ side: Side) -> Int {
    depth * (side.tileLines + (side.tileLines.isMultiple(of: 32) ? 8 : 24))
  }

  /// How close its results come: `precision`'s largest relative error of a product, four times over, as a sum may be smaller
  /// than its terms; errors and sums both grow with the root of the number of terms.
  var accuracy: MethodAccuracy {
    switch precision {
    case .float32: .plain
    // Each operand is rounded to 11 bits.
    case .tensorFloat32: MethodAccuracy(tolerance: 4 * 2 * 0x1p-11, isExactOnWholeNumbers: true)
    // Two rests of 2^-18 of an operand, and the product of two low parts of 2^-9. Small whole numbers have no low parts, so
    // that these would not be seen at work.
    case .splitBFloat16: MethodAccuracy(tolerance: 4 * 3 * 0x1p-18, isExactOnWholeNumbers: false)
    }
  }

  // MARK: Choices

  /// Where there are tiles enough for every core of a large GPU: three groups at a time on each.
  static func large(_ precision: Precision) -> TensorTiles {
    TensorTiles(precision, warpsAlongRows: 2, warpsAlongColumns: 2, warpRows: 64, warpColumns: 32)
  }
  /// Half as many rows, so twice as many tiles; also where elements are read one at a time, which takes more registers.
  static func small(_ precision: Precision) -> TensorTiles {
    TensorTiles(precision, warpsAlongRows: 2, warpsAlongColumns: 2, warpRows: 32, warpColumns: 32)
  }
  /// For few columns.
  static func narrow(_ precision: Precision) -> TensorTiles {
    TensorTiles(precision, warpsAlongRows: 4, warpsAlongColumns: 1, warpRows: 32, warpColumns: 32)
  }

  /// All that `best` chooses from.
  static func standard(_ precision: Precision) -> [TensorTiles] {
    [large(precision), small(precision), narrow(precision)]
  }

  /// What is good for a product of `rows` × `columns`, as far as is known without measuring.
  static func best(_ precision: Precision, rows: Int, columns: Int, _ tensors: [Tensor]) -> TensorTiles {
    let isWide = ConvolutionTiles.vectorWidth(tensors) > 1
    if columns <= 32, isWide { return narrow(precision) }
    let large = large(precision)
    let groups = ceilDivide(rows, large.rows) * ceilDivide(columns, large.columns)
    return isWide && groups >= wantedGroups / 2 ? large : small(precision)
  }

  /// Groups that fill a large GPU: two or three on each of its cores.
  static let wantedGroups = 256
  /// Terms below which a part of a sum is not worth the memory that it goes through.
  static let leastTerms = 256

  /// Different compromises between the reads that a tile saves, the registers it takes, and the groups that it leaves.
  static func candidates(_ precision: Precision) -> [TensorTiles] {
    let tall = TensorTiles(precision, warpsAlongRows: 2, warpsAlongColumns: 4, warpRows: 64, warpColumns: 32)
    let many = TensorTiles(precision, warpsAlongRows: 4, warpsAlongColumns: 2, warpRows: 32, warpColumns: 32)
    let all = standard(precision) + [tall, many]
    return all
      + all.map { tiles in
        var copy = tiles
        copy.asynchronousStages = tiles == tall ? 2 : 3
        return copy
      }
  }

  /// The same with one size changed.
  var neighbours: [TensorTiles] {
    func changed(_ size: WritableKeyPath<TensorTiles, Int>, _ values: [Int]) -> [TensorTiles] {
      values.map { value in
        var copy = self
        copy[keyPath: size] = value
        return copy
      }
    }
    return changed(\.depth, [depth / 2, depth * 2])
      + changed(\.warpRows, [warpRows / 2, warpRows * 2])
      + changed(\.warpColumns, [warpColumns / 2, warpColumns * 2])
      + changed(\.warpsAlongRows, [warpsAlongRows / 2, warpsAlongRows * 2])
      + changed(\.warpsAlongColumns, [warpsAlongColumns / 2, warpsAlongColumns * 2])
      + changed(\.asynchronousStages, [0, 2, 3, 4].filter { $0 != asynchronousStages })
  }
}

extension TensorTiles: CustomStringConvertible {
  public var description: String {
    "\(precision) \(rows)×\(columns)×\(depth) by \(warpsAlongRows)×\(warpsAlongColumns) warps"
      + (asynchronousStages > 0 ? ", \(asynchronousStages) asynchronous stages" : "")
  }
}
