import Runtime

/// Tiles of matrix products on tensor cores. The kernels are built with these sizes, whatever defaults tensor_tiles.h
/// has.
struct TensorTiles: ProductTiles {
  /// The precision that operands are rounded to; not `float32`.
  var precision: Precision
  /// Warps of a group along the rows.
  var warpsAlongRows: Int
  /// Warps of a group along the columns.
  var warpsAlongColumns: Int
  /// Rows that a warp sums up.
  var warpRows: Int
  /// Columns that a warp sums up.
  var warpColumns: Int
  /// Terms of the sum that a tile holds.
  var depth = 16
  /// Tiles in local memory at a time that are filled by asynchronous copies; 0 for two that are filled through
  /// registers.
  var asynchronousStages = 0

  /// Rows of a tile.
  var rows: Int { warpsAlongRows * warpRows }
  /// Columns of a tile.
  var columns: Int { warpsAlongColumns * warpColumns }
  private var items: Int { warpsAlongRows * warpsAlongColumns * Self.warpSize }
  var group: (Int, Int, Int) { (items, 1, 1) }

  private static let warpSize = 32

  var kind: AlgorithmKind { precision == .splitBFloat16 ? .splitBFloat16 : .tensorFloat32 }

  /// Returns the constants that a program with such tiles is built with.
  /// - Parameters:
  ///   - transposed: whether a data sum reads weights whose input channels are the result's.
  ///   - moments: whether a data sum also finds the moments of its tiles.
  ///   - vectorWidth: elements of the tensors that it reads at a time.
  func definitions(
    _ target: ConvolutionProblem.Target, transposed: Bool, moments: Bool = false, on device: CLDevice, vectorWidth: Int
  ) -> KeyValuePairs<String, any KernelConstant> {
    let (left, right) = sides(target)
    return [
      "PRODUCT_PRECISION": precision == .splitBFloat16 ? "PRODUCT_BF16" : "PRODUCT_TF32",
      "TENSOR_EMULATION": !device.hasTensorCores, "WARPS_ALONG_LEFT": left.warps, "WARPS_ALONG_RIGHT": right.warps,
      "WARP_LEFT": left.lines, "WARP_RIGHT": right.lines, "TILE_DEPTH": depth,
      "ASYNC_COPY": asynchronousStages > 0, "TILE_STAGES": stages, "VECTOR": vectorWidth, "TRANSPOSED": transposed,
      "MOMENTS": moments,
    ]
  }

  private var stages: Int { asynchronousStages > 0 ? asynchronousStages : 2 }

  /// One side of the product: warps along it, lines of each.
  private struct Side {
    let warps: Int
    let lines: Int

    var tileLines: Int { warps * lines }
  }

  /// Returns the left and the right lines of the products (tensor_tiles.h): in data sums columns are the left lines and
  /// rows lie deep, in filter sums rows are the left lines and columns lie wide.
  private func sides(_ target: ConvolutionProblem.Target) -> (left: Side, right: Side) {
    let rows = Side(warps: warpsAlongRows, lines: warpRows)
    let columns = Side(warps: warpsAlongColumns, lines: warpColumns)
    return target == .weights ? (rows, columns) : (columns, rows)
  }

  /// Whether the kernels' guards in tensor_tiles.h let these sizes pass, and the device has room for them.
  func fit(_ target: ConvolutionProblem.Target, on device: CLDevice, vectorWidth vector: Int) -> Bool {
    let (left, right) = sides(target)
    guard precision != .float32, [left, right].allSatisfy({ 1...8 ~= $0.warps && 1...128 ~= $0.lines }),
      left.lines.isMultiple(of: 16), right.lines.isMultiple(of: 32), 1...64 ~= depth, depth.isMultiple(of: 16),
      asynchronousStages == 0 || 2...8 ~= asynchronousStages, device.allows(group: group),
      localByteCount(target, on: device) <= device.localMemoryByteCount
    else { return false }
    let deepItems = depth / vector
    guard items.isMultiple(of: deepItems), (items / deepItems).isMultiple(of: 8) else { return false }
    return [rows, columns].allSatisfy { side in
      guard side.isMultiple(of: vector), items.isMultiple(of: side / vector) else { return false }
      return side.isMultiple(of: items / deepItems) && depth.isMultiple(of: items / (side / vector))
    }
  }

  /// Local memory of a group.
  private func localByteCount(_ target: ConvolutionProblem.Target, on device: CLDevice) -> Int {
    let (left, right) = sides(target)
    let deep = right.tileLines * (depth + 4)
    var words = stages * (wideWords(left) + (target == .weights ? wideWords(right) : deep))
    // The terms' places.
    if target == .weights { words += 2 * depth * 4 }
    // Exchanged by emulated lanes: the registers of all left fragments and of four right ones.
    if !device.hasTensorCores { words += items * (left.lines / 16 * 4 + 4 * 2) }
    return words * MemoryLayout<UInt32>.size
  }

  var holdMoments: Bool { 4 * warpsAlongRows * columns <= stages * rows * (depth + 4) }

  private func wideWords(_ side: Side) -> Int {
    depth * (side.tileLines + (side.tileLines.isMultiple(of: 32) ? 8 : 24))
  }

  /// Four times `precision`'s largest relative error of a product, as a sum may be smaller than its terms. Errors and
  /// sums both grow with the root of the number of terms.
  var accuracy: AlgorithmAccuracy {
    switch precision {
    case .float32: .plain
    // Each operand is rounded to 11 bits.
    case .tensorFloat32: AlgorithmAccuracy(tolerance: 4 * 2 * 0x1p-11, isExactOnWholeNumbers: true)
    // Two remainders of 2^-18 of an operand, and the product of two low parts of 2^-9. Small whole numbers have no low
    // parts, so that these would not be seen at work.
    case .splitBFloat16: AlgorithmAccuracy(tolerance: 4 * 3 * 0x1p-18, isExactOnWholeNumbers: false)
    }
  }

  // MARK: Choices

  /// Where there are tiles enough for every core of a large GPU: three groups at a time on each.
  static func large(_ precision: Precision) -> TensorTiles {
    TensorTiles(precision: precision, warpsAlongRows: 2, warpsAlongColumns: 2, warpRows: 64, warpColumns: 32)
  }
  /// Half as many rows, so twice as many tiles; also where elements are read one at a time, which takes more registers.
  static func small(_ precision: Precision) -> TensorTiles {
    TensorTiles(precision: precision, warpsAlongRows: 2, warpsAlongColumns: 2, warpRows: 32, warpColumns: 32)
  }
  /// For few columns.
  static func narrow(_ precision: Precision) -> TensorTiles {
    TensorTiles(precision: precision, warpsAlongRows: 4, warpsAlongColumns: 1, warpRows: 32, warpColumns: 32)
  }

  /// The tiles that `best` chooses from.
  static func standard(_ precision: Precision) -> [TensorTiles] {
    [large(precision), small(precision), narrow(precision)]
  }

  /// Returns tiles that are good for `problem`, as far as is known without measuring.
  /// - Parameter rows: rows of the product that are worth a group of their own.
  static func best(_ precision: Precision, for problem: ConvolutionProblem, rows: Int) -> TensorTiles {
    let isWide = problem.vectorWidth > 1
    if problem.n <= 32, isWide { return narrow(precision) }
    let large = large(precision)
    let groups = ceilDivide(rows, large.rows) * ceilDivide(problem.n, large.columns)
    return isWide && groups >= wantedGroups / 2 ? large : small(precision)
  }

  /// Whether tensor cores pay: tiles would be mostly empty otherwise, and reads of single elements take longer than
  /// products.
  static func pay(for problem: ConvolutionProblem) -> Bool {
    min(problem.image.shape.channels, problem.map.shape.channels) >= 16 && problem.vectorWidth > 1
  }

  /// Groups that fill a large GPU: two or three on each of its cores.
  static let wantedGroups = 256
  /// Terms below which a part of a sum is not worth the memory that it goes through.
  static let leastTerms = 256

  /// Different compromises between the reads that a tile saves, the registers it takes, and the groups that it leaves;
  /// none where tensor cores do not pay.
  static func candidates(_ precision: Precision, for problem: ConvolutionProblem) -> [TensorTiles] {
    pay(for: problem) ? candidates(precision) : []
  }

  static func candidates(_ precision: Precision) -> [TensorTiles] {
    let tall = TensorTiles(precision: precision, warpsAlongRows: 2, warpsAlongColumns: 4, warpRows: 64, warpColumns: 32)
    let many = TensorTiles(precision: precision, warpsAlongRows: 4, warpsAlongColumns: 2, warpRows: 32, warpColumns: 32)
    let all = standard(precision) + [tall, many]
    return all + all.flatMap { $0.varying(\.asynchronousStages, [$0 == tall ? 2 : 3]) }
  }

  var neighbours: [TensorTiles] {
    scaling(\.depth) + scaling(\.warpRows) + scaling(\.warpColumns) + scaling(\.warpsAlongRows)
      + scaling(\.warpsAlongColumns) + varying(\.asynchronousStages, [0, 2, 3, 4].filter { $0 != asynchronousStages })
  }

  var description: String {
    "\(precision) \(rows)×\(columns)×\(depth) by \(warpsAlongRows)×\(warpsAlongColumns) warps"
      + (asynchronousStages > 0 ? ", \(asynchronousStages) asynchronous stages" : "")
  }
}
