import Runtime

/// The parameters of one network in flat memory: values, gradients and Adam's moments are one vector each, so that one
/// operation of Adam updates all. Running statistics have a vector of their own.
public final class ParameterSet {
  /// Every parameter starts at a multiple of this many elements (64 bytes), for vector loads.
  private static let alignment = 16

  public private(set) var parameters: [Parameter] = []
  private var trainedCount = 0
  private var trackedCount = 0

  /// The flat vectors; they have memory only after `allocate`.
  private(set) lazy var values = TensorStorage(name: "parameters", elementType: .float32, count: trainedCount)
  private(set) lazy var gradients = TensorStorage(name: "gradients", elementType: .float32, count: trainedCount)
  /// More vectors of gradients, for the sums over replicas that are not complete yet: see `ReplicaSums`.
  private(set) var partialGradients: [TensorStorage] = []
  private lazy var firstMoment = TensorStorage(name: "first moment", elementType: .float32, count: trainedCount)
  private lazy var secondMoment = TensorStorage(name: "second moment", elementType: .float32, count: trainedCount)
  private(set) lazy var statistics = TensorStorage(
    name: "running statistics", elementType: .float32, count: trackedCount)

  init() {}

  /// Adds a parameter that training changes.
  func trained(_ name: String, _ shape: Shape, _ layout: ParameterLayout, _ initialValue: InitialValue) -> Parameter {
    defer { trainedCount += Self.aligned(shape.count) }
    return append(
      Parameter(
        name: name, shape: shape, layout: layout, initialValue: initialValue, offset: trainedCount, isTrained: true))
  }

  /// Adds a vector that a forward pass updates without gradients, such as running statistics.
  func tracked(_ name: String, count: Int, initialValue: InitialValue) -> Parameter {
    defer { trackedCount += Self.aligned(count) }
    return append(
      Parameter(
        name: name, shape: Shape(vector: count), layout: .vector, initialValue: initialValue,
        offset: trackedCount, isTrained: false))
  }

  private func append(_ parameter: Parameter) -> Parameter {
    parameters.append(parameter)
    return parameter
  }

  private static func aligned(_ count: Int) -> Int { ceilDivide(count, alignment) * alignment }

  /// Number of trained elements, without running statistics, as every framework counts parameters.
  public var trainedParameterCount: Int { parameters.reduce(0) { $0 + ($1.isTrained ? $1.shape.count : 0) } }

  /// The parameters with the running statistics and the gradients of this set.
  var view: ParameterView { ParameterView(values: values, statistics: statistics, gradients: gradients) }

  /// The view of a parameter's value.
  public func value(of parameter: Parameter) -> Tensor { view.value(of: parameter) }

  /// The view of a trained parameter's gradient.
  public func gradient(of parameter: Parameter) -> Tensor { view.gradient(of: parameter) }

  /// Provides `count` vectors of partial gradients; they get memory with the others.
  func makePartialGradients(_ count: Int) {
    while partialGradients.count < count {
      partialGradients.append(TensorStorage(name: "partial gradients", elementType: .float32, count: trainedCount))
    }
  }

  /// Returns one step of Adam over all trained parameters.
  func adam(_ learningRate: Variable<Float>, step: Variable<Int>, beta1: Double, beta2: Double) -> Adam {
    let flat = Shape(vector: trainedCount)
    return Adam(
      parameters: Tensor(storage: values, shape: flat), gradients: Tensor(storage: gradients, shape: flat),
      firstMoment: Tensor(storage: firstMoment, shape: flat), secondMoment: Tensor(storage: secondMoment, shape: flat),
      learningRate: learningRate, step: step, beta1: beta1, beta2: beta2)
  }

  /// Returns the operations that average this set's weights and running statistics into another set of the same
  /// network.
  func exponentialMovingAverages(into average: ParameterSet, decay: Variable<Float>) -> [ExponentialMovingAverage] {
    [(values, average.values), (statistics, average.statistics)].map { from, to in
      let flat = Shape(vector: from.count)
      return ExponentialMovingAverage(
        values: Tensor(storage: from, shape: flat), average: Tensor(storage: to, shape: flat), decay: decay)
    }
  }

  // MARK: Memory

  /// The storages that need memory, in the order in which they are allocated: values and running statistics and, to
  /// train, gradients and moments.
  func storages(training: Bool) -> [TensorStorage] {
    training
      ? [values, statistics, gradients, firstMoment, secondMoment] + partialGradients : [values, statistics]
  }

  /// All values, running statistics and moments that have memory.
  var trainedVectors: [Tensor] {
    [values, statistics, firstMoment, secondMoment].filter { $0.memory != nil }
      .map { Tensor(storage: $0, shape: Shape(vector: $0.count)) }
  }

  /// Bytes of everything in flat memory.
  public func byteCount(training: Bool) -> Int { storages(training: training).reduce(0) { $0 + $1.byteCount } }

  /// Allocates device memory for the values and, to train, for gradients and moments; all zero.
  public func allocate(on backend: any Backend, training: Bool) throws(BackendError) {
    for storage in storages(training: training) { try storage.allocate(on: backend) }
    try clear(on: backend)
  }

  /// Fills everything that has memory with zeros.
  func clear(on backend: any Backend) throws(BackendError) {
    for storage in storages(training: true) where storage.memory != nil {
      let whole = Tensor(storage: storage, shape: Shape(vector: storage.count))
      try backend.launch(Fill(output: whole, value: 0)).run()
    }
  }

  /// Fills every parameter with its initial value. The n-th parameter draws from stream `firstStream` + n of the seed.
  public func initialize(on backend: any Backend, seed: UInt64, firstStream: UInt64) throws(BackendError) {
    for (index, parameter) in parameters.enumerated() {
      let tensor = value(of: parameter)
      switch parameter.initialValue {
      case .constant(let constant):
        try backend.launch(Fill(output: tensor, value: constant)).run()
      case .random(let distribution):
        try backend.launch(
          RandomFill(output: tensor, distribution: distribution, seed: seed, stream: firstStream + UInt64(index))
        ).run()
      }
    }
    try backend.synchronize()
  }
}

/// The memory that a pass of a network reads its parameters from, and writes their gradients to.
struct ParameterView {
  let values: TensorStorage
  let statistics: TensorStorage
  let gradients: TensorStorage

  /// The view of a parameter's value.
  func value(of parameter: Parameter) -> Tensor {
    Tensor(storage: parameter.isTrained ? values : statistics, shape: parameter.shape, offset: parameter.offset)
  }

  /// The view of a trained parameter's gradient.
  func gradient(of parameter: Parameter) -> Tensor {
    Tensor(storage: gradients, shape: parameter.shape, offset: parameter.offset)
  }
}

/// One of the vectors that a training state keeps of a parameter set; the raw values are parts of tensor names in
/// files.
enum ParameterVector: String, CaseIterable {
  /// Weights and running statistics.
  case value
  case firstMoment = "first_moment"
  case secondMoment = "second_moment"
}

extension ParameterSet {
  /// The parameters that have elements in a vector: values are kept of all, moments of the trained ones where there is
  /// memory for them.
  func parameters(in vector: ParameterVector) -> [Parameter] {
    vector == .value ? parameters : firstMoment.memory == nil ? [] : parameters.filter(\.isTrained)
  }

  /// Downloads a parameter's elements, in the file's order.
  func fileValues(
    of parameter: Parameter, in vector: ParameterVector = .value, on backend: any Backend
  ) throws(BackendError) -> [Float] {
    parameter.fileValues(fromMemory: try backend.floats(of: tensor(of: parameter, in: vector)))
  }

  /// Uploads a parameter's elements, given in the file's order.
  func setFileValues(
    _ values: [Float], of parameter: Parameter, in vector: ParameterVector = .value, on backend: any Backend
  ) throws(BackendError) {
    try backend.upload(parameter.memoryValues(fromFile: values), to: tensor(of: parameter, in: vector))
  }

  private func tensor(of parameter: Parameter, in vector: ParameterVector) -> Tensor {
    switch vector {
    case .value: value(of: parameter)
    case .firstMoment: Tensor(storage: firstMoment, shape: parameter.shape, offset: parameter.offset)
    case .secondMoment: Tensor(storage: secondMoment, shape: parameter.shape, offset: parameter.offset)
    }
  }
}
