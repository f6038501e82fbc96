import Runtime

/// The plan of one batch of inference: photographs in, the generator's colors out.
struct PredictionBuilder {
  let builder = PlanBuilder()
  let source: BatchSource
  /// `[N, H, W, 3]`, in the generator's own range.
  let output: Tensor

  init(_ network: UNet, kind: ModelKind, _ source: BatchSource) {
    self.source = source
    let color = builder.tensor("evaluation.color", source.shape(channels: 3))
    let gray = builder.tensor("evaluation.gray", source.shape(channels: 1))
    builder.append(source.gather(kind, color: color, gray: gray))
    output = network(gray, Tape(builder, network.parameters, mode: .inference, label: "evaluation"))
    builder.keep(output)
  }
}
