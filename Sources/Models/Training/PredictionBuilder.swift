import Runtime

/// The plan of one batch of inference: photographs in, the generator's colors out.
struct PredictionBuilder {
  let builder: PlanBuilder
  /// Position in the order of the batch's first photograph.
  let first = Variable(0)
  /// `[N, H, W, 3]`, in the generator's own range.
  let output: Tensor

  /// - Parameter order: where the batches' indices are.
  init(_ network: UNet, kind: ModelKind, images: DeviceImages, order: ImageOrder, batchSize: Int) {
    let builder = PlanBuilder()
    let shape = images.tensor.shape
    let color = builder.tensor("evaluation.color", Shape(batchSize, shape.height, shape.width, 3))
    let gray = builder.tensor("evaluation.gray", Shape(batchSize, shape.height, shape.width, 1))
    builder.append(
      BatchGather(
        images: images.tensor, indices: order.tensor, first: first, color: color, gray: gray, scale: kind.colorScale,
        shift: kind.colorShift))
    output = network(gray, Tape(builder, network.parameters, mode: .inference, label: "evaluation"))
    builder.keep(output)
    self.builder = builder
  }
}
