import Protobufs
import Runtime

/// The operations of a network's inference pass as the graph of an ONNX model, in operator set 13.
///
/// ONNX's tensors are `[batch, channels, height, width]`, its values are written once, and its nodes read whole values;
/// here tensors are slices of channels, and may be written in place. So a value is identified by its slice, a later
/// value of the same slice replaces it, and reading several slices as one becomes a `Concat`.
struct ONNXGraph {
  private(set) var nodes: [ONNXNodeProto] = []
  private(set) var initializers: [ONNXTensorProto] = []

  /// Some channels of a storage.
  private struct Slice: Hashable {
    let storage: ObjectIdentifier
    let firstChannel: Int
    let channelCount: Int

    init(_ tensor: Tensor) {
      storage = ObjectIdentifier(tensor.storage)
      firstChannel = tensor.offset
      channelCount = tensor.shape.channels
    }
  }

  /// The name of the newest value in each slice.
  private var values: [Slice: String]
  /// Names of the layers by the tensors of their parameters.
  private let layers: [Slice: String]
  private let parameters: [Slice: Parameter]

  /// Begins a graph.
  /// - Parameters:
  ///   - set: the parameters that the operations read.
  ///   - input: the tensor of the graph's input.
  ///   - name: the graph's name for it.
  init(_ set: ParameterSet, input: Tensor, named name: String) {
    let parameters = set.parameters.map { (Slice(set.value(of: $0)), $0) }
    self.parameters = Dictionary(uniqueKeysWithValues: parameters)
    layers = self.parameters.mapValues { String($0.name[..<($0.name.lastIndex(of: ".") ?? $0.name.endIndex)]) }
    values = [Slice(input): name]
  }

  /// Adds a parameter under its own name.
  mutating func addInitializer(_ parameter: Parameter, values: [Float]) {
    initializers.append(.floats(parameter.name, shape: parameter.fileShape, values))
  }

  /// Adds the nodes that compute an operation.
  /// - Throws: `ONNXError.unknownOperation`, for one without a case here.
  mutating func append(_ operation: any Operation) throws(ONNXError) {
    switch operation {
    case let operation as ConvolutionForward: append("Conv", operation.problem)
    case let operation as TransposedConvolutionForward: append(operation)
    case let operation as BatchNormalizationInference: append(operation)
    case let operation as ActivationForward:
      let input = value(of: operation.input)
      append(operation.activation, "\(input).activation", input, into: operation.output)
    case let operation as MaxPoolingForward: append(operation)
    case let operation as UpsamplingForward: append(operation)
    default: throw .unknownOperation(operation.title)
    }
  }

  private mutating func append(_ type: String, _ problem: ConvolutionProblem, _ attributes: [ONNXAttributeProto] = []) {
    append(
      type, parameterLayer(problem.weights),
      [value(of: problem.source)] + parameterNames(problem.weights, problem.bias),
      problem.geometry.attributes + attributes, into: problem.result)
  }

  private mutating func append(_ operation: TransposedConvolutionForward) {
    let problem = operation.problem
    let output = problem.result.shape
    let unpadded = problem.geometry.transposedOutputShape(
      of: problem.source.shape, outputChannels: output.channels, outputPadding: 0)
    let padding = [output.height - unpadded.height, output.width - unpadded.width]
    append("ConvTranspose", problem, [.integers("output_padding", padding)])
  }

  private mutating func append(_ operation: BatchNormalizationInference) {
    let layer = parameterLayer(operation.scale)
    let input = value(of: operation.input)
    let parameters = parameterNames(operation.scale, operation.shift, operation.runningMean, operation.runningVariance)
    append(
      "BatchNormalization", layer, [input] + parameters, [.float("epsilon", operation.epsilon)],
      into: operation.output)
    guard let activation = operation.activation else { return }
    append(activation, "\(layer).activation", value(of: operation.output), into: operation.output)
  }

  private mutating func append(_ activation: Activation, _ name: String, _ input: String, into output: Tensor) {
    switch activation {
    case .leakyReLU(let slope): append("LeakyRelu", name, [input], [.float("alpha", slope)], into: output)
    case .tanh: append("Tanh", name, [input], [], into: output)
    case .sigmoid: append("Sigmoid", name, [input], [], into: output)
    }
  }

  private mutating func append(_ operation: MaxPoolingForward) {
    let window = [operation.window, operation.window]
    append(
      "MaxPool", operation.output.storage.layerName, [value(of: operation.input)],
      [.integers("kernel_shape", window), .integers("strides", window)], into: operation.output)
  }

  private mutating func append(_ operation: UpsamplingForward) {
    let name = operation.output.storage.layerName
    let factor = Float(operation.factor)
    let attributes: [ONNXAttributeProto] =
      switch operation.mode {
      case .nearest:
        [
          .string("mode", "nearest"), .string("coordinate_transformation_mode", "asymmetric"),
          .string("nearest_mode", "floor"),
        ]
      case .bilinear: [.string("mode", "linear"), .string("coordinate_transformation_mode", "half_pixel")]
      }
    initializers.append(.floats("\(name).scales", shape: [4], [1, 1, factor, factor]))
    // The second input would be a region of interest.
    append("Resize", name, [value(of: operation.input), "", "\(name).scales"], attributes, into: operation.output)
  }

  /// value · scale + shift.
  struct Scaling {
    let scale: Float
    let shift: Float
  }

  /// Adds the nodes that scale a value.
  mutating func append(_ input: String, _ scaling: Scaling, result: String) {
    initializers.append(.floats("\(result).scale", shape: [], [scaling.scale]))
    initializers.append(.floats("\(result).shift", shape: [], [scaling.shift]))
    nodes.append(.make("Mul", "\(result).scaling", [input, "\(result).scale"], output: "\(result).scaled"))
    nodes.append(.make("Add", "\(result).shifting", ["\(result).scaled", "\(result).shift"], output: result))
  }

  /// Adds the node that clips a value.
  mutating func clip(_ input: String, to range: ClosedRange<Float>, result: String) {
    initializers.append(.floats("\(result).least", shape: [], [range.lowerBound]))
    initializers.append(.floats("\(result).most", shape: [], [range.upperBound]))
    nodes.append(.make("Clip", "\(result).clipping", [input, "\(result).least", "\(result).most"], output: result))
  }

  /// Gives the last node's output another name.
  mutating func rename(_ value: String, to name: String) {
    guard let last = nodes.indices.last, nodes[last].output == [value] else { return }
    nodes[last].output = [name]
  }

  private mutating func append(
    _ type: String, _ name: String, _ inputs: [String], _ attributes: [ONNXAttributeProto], into tensor: Tensor
  ) {
    nodes.append(.make(type, name, inputs, output: "\(name).output", attributes))
    values[Slice(tensor)] = "\(name).output"
  }

  /// Returns the name of the value that a tensor holds, after joining slices that were written separately.
  mutating func value(of tensor: Tensor) -> String {
    let slice = Slice(tensor)
    if let name = values[slice] { return name }
    let parts = values.filter { $0.key.storage == slice.storage }.sorted { $0.key.firstChannel < $1.key.firstChannel }
    precondition(
      parts.reduce(0) { $0 + $1.key.channelCount } == slice.channelCount, "\(tensor.storage.name) is read in parts")
    append("Concat", tensor.storage.layerName, parts.map(\.value), [.integer("axis", 1)], into: tensor)
    return value(of: tensor)
  }

  private func parameterNames(_ tensors: Tensor?...) -> [String] {
    tensors.compactMap { $0.flatMap { parameters[Slice($0)]?.name } }
  }

  private func parameterLayer(_ tensor: Tensor) -> String { layers[Slice(tensor)] ?? tensor.storage.name }
}

extension TensorStorage {
  /// The layer whose output this is: `onnx.pooling1.output` is that of `pooling1`.
  fileprivate var layerName: String {
    name.split(separator: ".").dropFirst().filter { $0 != "output" }.joined(separator: ".")
  }
}

extension ConvolutionGeometry {
  fileprivate var attributes: [ONNXAttributeProto] {
    [
      .integers("kernel_shape", [kernelHeight, kernelWidth]), .integers("strides", [stride, stride]),
      .integers("pads", [padding, padding, padding, padding]),
    ]
  }
}
