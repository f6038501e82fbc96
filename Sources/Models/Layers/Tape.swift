import Runtime

/// Emits one pass of a network into a plan, and remembers how to emit its gradients.
///
/// Each layer appends its forward operation and records a closure that appends its backward operations;
/// `emitBackward()` runs the closures last to first. The gradient of a tensor is a view into a storage that mirrors the
/// tensor's own, so a slice of a concatenation has its gradient in the slice of the concatenation's gradient.
public final class Tape {
  /// The purpose of a pass.
  enum Mode {
    /// Running statistics, no gradients.
    case inference
    /// Batch statistics and gradients.
    /// - parameterGradients: whether weights get theirs, or only the input does.
    /// - accumulate: whether to add to the parameters' gradients of an earlier pass.
    case training(parameterGradients: Bool, accumulate: Bool)
  }

  let builder: PlanBuilder
  let parameters: ParameterView
  let mode: Mode
  /// The weights that the pass reads divided by their spectral norms; nil where it reads all as they are.
  let spectralWeights: SpectralWeights?
  /// How batch norms are over the images of all replicas; nil where they are over those of the pass.
  let meetings: ReplicaMeetings?
  /// The network with its pass; distinguishes the tensors and operations of several passes of one network in a plan.
  private let label: String
  private var backward: [() -> Void] = []
  private var gradients: [ObjectIdentifier: TensorStorage] = [:]
  private var written: Set<ObjectIdentifier> = []
  private var statistics: [ObjectIdentifier: BatchStatistics] = [:]
  private(set) var layers: [LayerSummary] = []

  convenience init(_ builder: PlanBuilder, _ parameters: ParameterSet, mode: Mode, label: String) {
    self.init(builder, parameters.view, mode: mode, label: label)
  }

  init(
    _ builder: PlanBuilder, _ parameters: ParameterView, mode: Mode, label: String,
    meetings: ReplicaMeetings? = nil, spectralWeights: SpectralWeights? = nil
  ) {
    self.builder = builder
    self.parameters = parameters
    self.mode = mode
    self.label = label
    self.meetings = meetings
    self.spectralWeights = spectralWeights
  }

  var isTraining: Bool { if case .training = mode { true } else { false } }
  var wantsParameterGradients: Bool { if case .training(true, _) = mode { true } else { false } }
  var accumulates: Bool { if case .training(_, true) = mode { true } else { false } }

  /// A tensor of this pass.
  func tensor(_ name: String, _ shape: Shape, _ elementType: ElementType = .float32) -> Tensor {
    builder.tensor("\(label).\(name)", shape, elementType)
  }

  /// The moments by which a batch norm normalizes.
  struct BatchStatistics {
    /// `[1, 1, 2, C]`
    let moments: Tensor
    /// The pixels that they are of.
    let population: Int
  }

  /// Makes a tensor for the mean and the variance of each channel of `tensor`, which the operation that writes `tensor`
  /// fills.
  func makeStatistics(of tensor: Tensor) -> Tensor {
    let (id, channels) = (ObjectIdentifier(tensor.storage), tensor.shape.channels)
    if let meetings {
      let place = meetings.place(for: .moments, channels: channels)
      statistics[id] = BatchStatistics(moments: place.all, population: meetings.population(of: tensor.shape))
      return place.own
    }
    let made = self.tensor("\(tensor.storage.name).statistics", Shape(1, 1, 2, channels))
    statistics[id] = BatchStatistics(moments: made, population: tensor.shape.pixelCount)
    return made
  }

  /// Returns the moments for which `makeStatistics` made a tensor, if it did: those of all replicas where they meet,
  /// which is here.
  func exchangedStatistics(of tensor: Tensor) -> BatchStatistics? {
    let found = statistics[ObjectIdentifier(tensor.storage)]
    if let meetings {
      precondition(found != nil, "only the moments of a convolution's output are exchanged")
      meetings.meet()
    }
    return found
  }

  func summarize(_ layer: LayerSummary) { layers.append(layer) }

  /// Appends an operation of a layer, in the forward pass or among the gradients.
  /// - Parameter layer: the layer's name.
  func append(_ operation: any Operation, of layer: String) {
    builder.append(operation, OperationLabel(layer, in: label))
  }

  // MARK: Gradients

  /// Records how to emit the gradients of the operation just appended.
  func record(_ emit: @escaping () -> Void) { if isTraining { backward.append(emit) } }

  /// Appends the gradients of everything recorded, last to first. The gradient of the pass's output must be there.
  func emitBackward() {
    for emit in backward.reversed() { emit() }
    backward = []
  }

  /// The gradient of `tensor`.
  func gradient(of tensor: Tensor) -> Tensor {
    let id = ObjectIdentifier(tensor.storage)
    let storage =
      gradients[id]
      ?? builder.tensor("\(tensor.storage.name).gradient", Shape(vector: tensor.storage.count)).storage
    gradients[id] = storage
    return Tensor(storage: storage, shape: tensor.shape, offset: tensor.offset, pixelStride: tensor.pixelStride)
  }

  /// Returns the tensor to write a gradient of `tensor` to, and whether to add to what an earlier consumer wrote there.
  func gradientDestination(of tensor: Tensor) -> (gradient: Tensor, accumulate: Bool) {
    let (isFirst, _) = written.insert(ObjectIdentifier(tensor.storage))
    return (gradient(of: tensor), !isFirst)
  }

  /// Uses the gradient of `tensor` that the tape of another network computed, whose input `tensor` was.
  func adoptGradient(of tensor: Tensor, from other: Tape) {
    gradients[ObjectIdentifier(tensor.storage)] = other.gradient(of: tensor).storage
  }

  /// Stores the gradient of `input` in the memory of that of `output`, for operations that work in place.
  func shareGradient(of input: Tensor, with output: Tensor) {
    gradients[ObjectIdentifier(input.storage)] = gradient(of: output).storage
  }
}

/// A layer of a network: one row of `recolor models`.
public struct LayerSummary: Sendable {
  /// PyTorch's name of the module: `encoding_unit1.0`.
  public let name: String
  /// The type of the module with its kernel: `Conv2d 3×3`.
  public let kind: String
  public let outputShape: Shape
  /// Number of trained elements.
  public let parameterCount: Int
  /// Multiply-adds for one image, those with padding included.
  public let multiplyAdds: Int
}
