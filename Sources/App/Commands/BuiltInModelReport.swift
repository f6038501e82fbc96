import Models

/// The report of `recolor models` on a built-in model.
struct BuiltInModelReport: Encodable {
  /// The name on the command line.
  let name: String
  let model: ModelKind
  let width: Int
  let colorSpace: ColorSpace
  /// Height and width of the training images; nil where the weights do not state it.
  let size: Int?
  /// Bytes of the weights.
  let bytes: Int
  /// The model card, in Markdown.
  let card: String

  /// - Throws: `SafetensorsError`, `CheckpointError`, `ModelError`.
  init(_ model: BuiltInModel) throws {
    let weights = try Checkpoint(model)
    name = model.argument
    self.model = weights.configuration.kind
    width = weights.configuration.width
    colorSpace = weights.configuration.colorSpace
    size = weights.imageSize?.width
    bytes = model.weights.count
    card = model.card
  }

  /// The model in one line: its name, the first paragraph of its card, and the command that shows the card.
  var text: String {
    let paragraph = card.split(separator: "\n", omittingEmptySubsequences: false)
      .drop { $0.isEmpty || $0.hasPrefix("#") }.prefix { !$0.isEmpty }
    return "\(name): \(paragraph.joined(separator: " ")) (\(model.rawValue), width \(width), \(Format.bytes(bytes)); "
      + "recolor models \(name) shows its card)"
  }
}
