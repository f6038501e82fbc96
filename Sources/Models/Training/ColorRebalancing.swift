import Runtime

/// The weights of colors that a step's color loss is multiplied by, on the device.
struct ColorRebalancing {
  let rarity: ColorRarity
  /// The table of `ColorWeights`.
  let table: Tensor

  init(_ rarity: ColorRarity) {
    self.rarity = rarity
    table = Tensor("color rarity", Shape(1, ColorRarity.gridSize, ColorRarity.gridSize, 1))
  }

  /// Emits the weights of pixels and returns them, `[N, H, W, 1]`.
  /// - Parameters:
  ///   - colors: the true colors, `[N, H, W, 2]` of `ColorEncoding.lab`.
  ///   - label: that of the loss.
  func weights(of colors: Tensor, into builder: PlanBuilder, _ label: OperationLabel) -> Tensor {
    let shape = colors.shape
    let weights = builder.tensor("color weights", Shape(shape.batch, shape.height, shape.width, 1))
    builder.append(ColorWeights(colors: colors, table: table, weights: weights), label)
    return weights
  }

  /// Uploads the table, which has memory by now.
  func initialize(on backend: any Backend) throws(BackendError) { try backend.upload(rarity.weights, to: table) }
}
