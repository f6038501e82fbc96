/// Looks up each pixel's weight in a table by its color (Zhang, Isola and Efros 2016, equation 3), interpolated
/// bilinearly so that weights have no jumps.
///
/// Element (b, a) of the table belongs to the color (2 a / (columns − 1) − 1, 2 b / (rows − 1) − 1): rows and columns
/// are spread evenly over −1...1, which is −110...110 of a* and b* in `ColorEncoding.lab`. Colors outside count as the
/// nearest inside, NaN as −1. PyTorch's `grid_sample` with `align_corners=True` and `padding_mode="border"` is the
/// same.
public struct ColorWeights: Operation {
  public static let name = "ColorWeights"
  public var pass: Pass { .forward }

  /// `[N, H, W, 2]`, a* and b* in −1...1; may be a slice of channels.
  public let colors: Tensor
  /// `[1, rows, columns, 1]`, dense, at least two of each: a row for each b*, a column for each a*.
  public let table: Tensor
  /// `[N, H, W, 1]`; may be a slice of channels.
  public let weights: Tensor

  public init(colors: Tensor, table: Tensor, weights: Tensor) {
    self.colors = colors
    self.table = table
    self.weights = weights
  }

  public var reads: [Tensor] { [colors, table] }
  public var writes: [Tensor] { [weights] }
  /// Two places in the table, with their fractions, and three interpolations.
  public var floatingPointOperations: Int { 15 * weights.shape.count }

  public func validate() throws(BackendError) {
    let shape = weights.shape
    try require(.float32, in: colors, table, weights)
    try requireShape(Shape(shape.batch, shape.height, shape.width, 2), of: colors)
    try requireShape(Shape(shape.batch, shape.height, shape.width, 1), of: weights)
    try requireShape(Shape(1, table.shape.height, table.shape.width, 1), of: table)
    try requireDense(table)
    try require(
      table.shape.height >= 2 && table.shape.width >= 2,
      "table \(table.storage.name) is \(table.shape), and needs two rows and two columns at least")
  }

  public func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation { try backend.plan(self) }
}
