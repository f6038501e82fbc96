import CBuiltInModels

/// A trained model that comes with the program.
public enum BuiltInModel: String, CaseIterable, Sendable {
  /// A colorizer of photographs.
  case photo

  /// Begins the names of built-in models on the command line.
  public static let prefix = "builtin:"

  /// The model that colors where none is named.
  public static let standard = BuiltInModel.photo

  /// The name on the command line: `builtin:photo`.
  public var argument: String { Self.prefix + rawValue }

  /// Creates the model of a name on the command line; nil where there is none of this name.
  public init?(argument: String) {
    guard argument.hasPrefix(Self.prefix) else { return nil }
    self.init(rawValue: String(argument.dropFirst(Self.prefix.count)))
  }

  /// The weights: a safetensors file, of float16 but for running statistics.
  public var weights: ConstantMemory {
    switch self {
    case .photo: ConstantMemory(built_in_photo_weights())
    }
  }

  /// The model card, in Markdown: training data and their terms, procedure, figures, limits.
  public var card: String {
    switch self {
    case .photo: String(decoding: ConstantMemory(built_in_photo_card()).bytes, as: UTF8.self)
    }
  }
}

extension ConstantMemory {
  fileprivate init(_ file: built_in_file) { self.init(start: UnsafeRawPointer(file.start), count: file.count) }
}
