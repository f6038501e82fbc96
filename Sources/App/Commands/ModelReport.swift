import Models
import Runtime

/// The report of `recolor models` on one model.
struct ModelReport: Encodable {
  struct Network: Encodable {
    /// `generator` or `discriminator`.
    let name: String
    let parameters: Int
    let multiplyAdds: Int
    let layers: [Layer]
  }

  struct Layer: Encodable {
    let name: String
    let kind: String
    /// Height, width, channels.
    let output: [Int]
    let parameters: Int
    let multiplyAdds: Int
  }

  let model: ModelKind
  let width: Int
  let size: Int
  let upsampling: UpsamplingKind
  /// The number of parameters of all networks.
  let parameters: Int
  let networks: [Network]
  let device: String
  let batchSize: Int
  /// Memory of parameters, gradients and moments.
  let parameterBytes: Int
  /// Memory of activations and their gradients in a training step, with reuse.
  let activationBytes: Int
  /// The same without reuse.
  let activationBytesWithoutReuse: Int
  /// Workspace of a training step.
  let workspaceBytes: Int

  /// - Throws: `ModelError`.
  init(_ configuration: ModelConfiguration, size: Int, batchSize: Int, on backend: any Backend) throws {
    let summary = try ModelSummary(configuration, height: size, width: size, batchSize: batchSize, on: backend)
    model = configuration.kind
    width = configuration.width
    self.size = size
    upsampling = configuration.upsampling
    parameters = summary.parameterCount
    networks = summary.networks.map { network in
      let layers = network.layers.map { layer in
        Layer(
          name: layer.name, kind: layer.kind,
          output: [layer.outputShape.height, layer.outputShape.width, layer.outputShape.channels],
          parameters: layer.parameterCount, multiplyAdds: layer.multiplyAdds)
      }
      return Network(
        name: network.name, parameters: network.parameterCount,
        multiplyAdds: layers.reduce(0) { $0 + $1.multiplyAdds }, layers: layers)
    }
    device = backend.name
    self.batchSize = batchSize
    parameterBytes = summary.parameterByteCount
    activationBytes = summary.trainingMemory.arena
    activationBytesWithoutReuse = summary.trainingMemory.withoutReuse
    workspaceBytes = summary.trainingMemory.workspace
  }
}

extension ModelReport {
  /// The report as text: a table for each network, and the totals.
  var text: String {
    var lines = ["\(model.rawValue), width \(width), images of \(size)×\(size)"]
    for network in networks {
      var rows = network.layers.map { layer in
        [
          layer.name, layer.kind, layer.output.map(String.init).joined(separator: "×"),
          layer.parameters == 0 ? "" : Format.count(layer.parameters),
          layer.multiplyAdds == 0 ? "" : Format.count(layer.multiplyAdds),
        ]
      }
      rows.append(["total", "", "", Format.count(network.parameters), Format.count(network.multiplyAdds)])
      let columns: [TextTable.Column] = [
        .left(network.name), .left("layer"), .left("output"), .right("parameters"), .right("multiply-adds"),
      ]
      lines += ["", TextTable.text(columns, rows)]
    }
    if networks.count > 1 { lines += ["", "\(Format.count(parameters)) parameters in all."] }
    lines += [
      "",
      "Training with batches of \(batchSize) on \(device) takes "
        + "\(Format.bytes(parameterBytes + activationBytes + workspaceBytes)) beside the photographs:",
      "  \(Format.bytes(parameterBytes)) for parameters, gradients and moments,",
      "  \(Format.bytes(activationBytes)) for activations and their gradients "
        + "(\(Format.bytes(activationBytesWithoutReuse)) without reuse),",
      "  \(Format.bytes(workspaceBytes)) for scratch.",
    ]
    return lines.joined(separator: "\n")
  }
}
