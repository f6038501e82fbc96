import Runtime

/// The plan of one batch of inference: photographs in, the generator's colors out.
struct PredictionBuilder {
  let builder = PlanBuilder()
  let source: BatchSource
  let encoding: ColorEncoding
  /// `[N, H, W, 1]`, in the generator's own range.
  let gray: Tensor
  /// `[N, H, W, 3]` or, in CIELAB, `[N, H, W, 2]`, in the generator's own range.
  let output: Tensor

  init(_ network: UNet, _ configuration: ModelConfiguration, _ source: BatchSource) {
    self.source = source
    encoding = configuration.encoding
    let color = builder.tensor("evaluation.color", source.shape(channels: encoding.colorChannels))
    gray = builder.tensor("evaluation.gray", source.shape(channels: 1))
    builder.append(source.gather(configuration, color: color, gray: gray))
    output = network(gray, Tape(builder, network.parameters, mode: .inference, label: "evaluation"))
    builder.keep(output)
    if encoding == .lab { builder.keep(gray) }
  }
}
