import Runtime

/// One named tensor of a model: trained (weights, biases, scales) or tracked (running statistics).
public struct Parameter {
  /// PyTorch's name for it: `encoding_unit1.0.weight`.
  public let name: String
  /// `[kernelHeight, kernelWidth, inputChannels, outputChannels]`, or `[1, 1, 1, count]`.
  public let shape: Shape
  public let layout: ParameterLayout
  /// What it is filled with before training.
  public let initialValue: InitialValue
  /// Index of its first element in the flat memory of its kind.
  let offset: Int
  let isTrained: Bool
}
