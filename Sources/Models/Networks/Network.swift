import Runtime

/// A network: layers with their parameters, which emit their operations into a plan.
///
/// To add one that colors: a file here with a `ColorNetwork`, a case of `ModelKind` with the kind of its training step,
/// and test vectors by PyTorch.
public protocol Network {
  var parameters: ParameterSet { get }
  /// Channels of the input.
  var inputChannels: Int { get }

  /// Emits one pass.
  /// - Parameters:
  ///   - input: `[N, H, W, inputChannels]`, H and W multiples of `ModelConfiguration.extentMultiple`.
  ///   - destination: the tensor to write; a new one where nil.
  ///   - needsInputGradient: whether the backward pass computes the gradient of `input`.
  /// - Returns: the output.
  func callAsFunction(
    _ input: Tensor, into destination: Tensor?, needsInputGradient: Bool, _ tape: Tape
  ) -> Tensor
}

extension Network {
  /// Emits one pass whose input is data.
  func callAsFunction(_ input: Tensor, into destination: Tensor? = nil, _ tape: Tape) -> Tensor {
    self(input, into: destination, needsInputGradient: false, tape)
  }
}

/// A network that colors: gray `[N, H, W, 1]` to colors `[N, H, W, C]`, with C of the model's `ColorEncoding`.
public protocol ColorNetwork: Network {
  /// Name of a tensor that every weights file of the network has.
  static var characteristicTensor: String { get }

  init(_ configuration: ModelConfiguration)

  /// Returns the traits that the tensors of a weights file show; nil where `characteristicTensor` is missing.
  /// - Parameter shapes: PyTorch's shape of each tensor, by name.
  static func traits(ofTensors shapes: [String: [Int]]) -> NetworkTraits?
}

/// Traits of a network that the tensors of its weights file show.
public struct NetworkTraits {
  /// See `ModelConfiguration.width`.
  var width: Int
  /// Nil where the tensors of several kinds are the same.
  var upsampling: UpsamplingKind?
  /// Channels of the output.
  var colorChannels: Int?
}
