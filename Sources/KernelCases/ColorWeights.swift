import Runtime

extension Reference {
  /// The table's values at the colors' places, interpolated bilinearly.
  ///
  /// - Parameters:
  ///   - colors: `[N, H, W, 2]`
  ///   - table: `[1, rows, columns, 1]`
  /// - Returns: `[N, H, W, 1]`
  public static func colorWeights(colors: ReferenceTensor, table: ReferenceTensor) -> ReferenceTensor {
    /// The places before and after a component of a color, and the distance from the first of them.
    func place(_ component: Double, count: Int) -> (low: Int, high: Int, distance: Double) {
      // Not by `max`, so that NaN counts as −1.
      let inside = component > -1 ? min(component, 1) : -1
      let place = (inside + 1) / 2 * Double(count - 1)
      let low = min(Int(place), count - 2)
      return (low, low + 1, place - Double(low))
    }
    let shape = colors.shape
    var weights = ReferenceTensor(Shape(shape.batch, shape.height, shape.width, 1))
    for pixel in weights.values.indices {
      let column = place(colors[2 * pixel], count: table.shape.width)
      let row = place(colors[2 * pixel + 1], count: table.shape.height)
      let upper =
        (1 - column.distance) * table[0, row.low, column.low, 0] + column.distance * table[0, row.low, column.high, 0]
      let lower =
        (1 - column.distance) * table[0, row.high, column.low, 0] + column.distance * table[0, row.high, column.high, 0]
      weights[pixel] = (1 - row.distance) * upper + row.distance * lower
    }
    return weights
  }
}

extension ColorWeights: ReferencedOperation {
  public func evaluate(in memory: inout ReferenceMemory) {
    memory[weights] = Reference.colorWeights(colors: memory[colors], table: memory[table])
  }
}

extension KernelCases {
  static func colorWeights(_ size: CaseSize) -> [KernelCase] {
    let slice = Placement.channelSlice(before: 1, after: 2)
    switch size {
    case .smallest:
      return [
        colorWeights(Shape(1, 3, 5, 2), rows: 3, columns: 5, .dense),
        colorWeights(Shape(2, 2, 3, 2), rows: 4, columns: 2, slice),
      ]
    case .awkward:
      let shapes = [
        Shape(1, 1, 1, 2), Shape(3, 1, 1, 2), Shape(1, 5, 7, 2), Shape(17, 9, 3, 2), Shape(64, 32, 32, 2),
      ]
      return shapes.flatMap { shape in
        [
          colorWeights(shape, rows: 23, columns: 23, .dense), colorWeights(shape, rows: 2, columns: 7, slice),
          colorWeights(shape, rows: 5, columns: 2, .imageSlice(before: 1, after: 1)),
        ]
      }
    case .trainingStep(_, let batch): return [colorWeights(Shape(batch, 32, 32, 2), rows: 23, columns: 23, .dense)]
    }
  }

  /// Components of colors that a conversion to an integer would not survive; exact in float32.
  private static let extremeColors: [Double] = [.nan, .infinity, -.infinity, 0x1p100, -0x1p100]

  private static func colorWeights(_ shape: Shape, rows: Int, columns: Int, _ placement: Placement) -> KernelCase {
    let label = KernelCase.label("\(shape)", "table of \(rows)×\(columns)", placement.label)
    return KernelCase(ColorWeights.name, .forward, label) { tensors in
      // Some colors are outside the table, some on its corners, and some far away or no numbers.
      var colors = tensors.random.floats(shape, in: -1.2...1.2)
      for index in stride(from: 5, to: colors.values.count, by: 11) { colors[index] = colors[index] < 0 ? -1 : 1 }
      let places = stride(from: 3, to: colors.values.count, by: 13)
      for (number, index) in places.enumerated() { colors[index] = extremeColors[number % extremeColors.count] }
      return ColorWeights(
        colors: tensors.input("colors", colors, placement),
        table: tensors.input("table", tensors.random.floats(Shape(1, rows, columns, 1), in: 0.5...2)),
        weights: tensors.output("weights", Shape(shape.batch, shape.height, shape.width, 1), placement))
    }
  }
}
