import Runtime

/// The parameters of one network in flat memory: values, gradients and Adam's moments are one vector each, so that Adam
/// is one sweep and a gradient exchange is one message. Running statistics have a vector of their own.
public final class ParameterSet {
  /// Every parameter starts at a multiple of this many elements (64 bytes), for vector loads.
  private static let alignment = 16

  public private(set) var parameters: [Parameter] = []
  private var trainedCount = 0
  private var trackedCount = 0
  /// Whether there is memory for gradients and moments.
  private(set) var isTrained = false

  /// The flat vectors; they have a place only after `allocate`.
  private(set) lazy var values = TensorStorage(name: "parameters", elementType: .float32, count: trainedCount)
  private(set) lazy var gradients = TensorStorage(name: "gradients", elementType: .float32, count: trainedCount)
  private(set) lazy var firstMoment = TensorStorage(name: "first moment", elementType: .float32, count: trainedCount)
  private(set) lazy var secondMoment = TensorStorage(name: "second moment", elementType: .float32, count: trainedCount)
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

  /// Adds a vector that training keeps track of without gradients, such as running statistics.
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

  private static func aligned(_ count: Int) -> Int { (count + alignment - 1) / alignment * alignment }

  /// Number of trained numbers, as every framework counts them.
  public var trainedParameterCount: Int { parameters.reduce(0) { $0 + ($1.isTrained ? $1.shape.count : 0) } }

  /// Where a parameter's value is.
  public func value(of parameter: Parameter) -> Tensor {
    Tensor(storage: parameter.isTrained ? values : statistics, shape: parameter.shape, offset: parameter.offset)
  }

  /// Where a trained parameter's gradient is.
  public func gradient(of parameter: Parameter) -> Tensor {
    Tensor(storage: gradients, shape: parameter.shape, offset: parameter.offset)
  }

  /// One step of Adam over all trained parameters.
  func adam(_ learningRate: Variable<Float>, step: Variable<Int>, beta1: Double, beta2: Double) -> Adam {
    let flat = Shape(vector: trainedCount)
    return Adam(
      parameters: Tensor(storage: values, shape: flat), gradients: Tensor(storage: gradients, shape: flat),
      firstMoment: Tensor(storage: firstMoment, shape: flat), secondMoment: Tensor(storage: secondMoment, shape: flat),
      learningRate: learningRate, step: step, beta1: beta1, beta2: beta2)
  }

  /// What moves the numbers of another set of the same network towards this one's: weights and running statistics.
  func exponentialMovingAverages(into average: ParameterSet, decay: Variable<Float>) -> [ExponentialMovingAverage] {
    [(values, average.values), (statistics, average.statistics)].map { from, to in
      let flat = Shape(vector: from.count)
      return ExponentialMovingAverage(
        values: Tensor(storage: from, shape: flat), average: Tensor(storage: to, shape: flat), decay: decay)
    }
  }

  /// Bytes of everything in flat memory.
  public func byteCount(training: Bool) -> Int { (trainedCount * (training ? 4 : 1) + trackedCount) * 4 }

  /// Takes device memory for the values and, to train, for gradients and moments; all zero.
  public func allocate(on backend: any Backend, training: Bool) throws(BackendError) {
    isTrained = training
    for storage in training ? [values, statistics, gradients, firstMoment, secondMoment] : [values, statistics] {
      storage.memory = try backend.allocate(byteCount: max(storage.byteCount, 4))
      let whole = Tensor(storage: storage, shape: Shape(vector: storage.count))
      try backend.launch(Fill(output: whole, value: 0)).run()
    }
  }

  /// Fills every parameter with its initial value. The n-th parameter draws from the n-th stream of the seed.
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
