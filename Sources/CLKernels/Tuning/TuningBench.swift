import Runtime

/// The reason for which an algorithm is dropped.
enum AlgorithmFault: Error, CustomStringConvertible {
  /// The kernels do not build.
  case doesNotBuild(BackendError)
  /// The driver does not take them, or has no room.
  case refused(BackendError)
  /// The results are not those of the plain loops.
  case wrong

  init(_ error: BackendError) {
    if case .openCL(let cause) = error, cause.call == "clBuildProgram" {
      self = .doesNotBuild(error)
    } else {
      self = .refused(error)
    }
  }

  var description: String {
    switch self {
    case .doesNotBuild(let error), .refused(let error): error.description
    case .wrong: "gives other results than the plain loops"
    }
  }
}

/// One convolution's pass with memory of its own, on which algorithms are checked and timed.
final class TuningBench {
  let problem: ConvolutionProblem
  private let backend: CLBackend
  private let inputs: [TuningMemory]
  private let outputs: [TuningMemory]
  private var workspace: DeviceMemory?
  private var loaded: TuningValues?
  private var expected: [TuningValues: [[Float]]] = [:]
  private let naiveLimit: Int

  /// - Parameters:
  ///   - problem: a pass whose tensors need no memory: the bench has its own of the same shapes, and overwrites
  ///     gradients.
  ///   - naiveLimit: the most multiply-adds that plain loops have the time for.
  init(_ problem: ConvolutionProblem, on backend: CLBackend, naiveLimit: Int? = nil) throws(AlgorithmFault) {
    self.backend = backend
    // A fraction of a second.
    self.naiveLimit = naiveLimit ?? (backend.bodies == .gpu ? 1 << 36 : 1 << 28)
    var own = problem
    (own.image, own.map, own.weights) = (Self.copy(of: own.image), Self.copy(of: own.map), Self.copy(of: own.weights))
    (own.bias, own.statistics, own.accumulate) = (own.bias.map(Self.copy), nil, false)
    self.problem = own
    do throws(BackendError) {
      inputs = try own.reads.map { (tensor) throws(BackendError) in try TuningMemory(tensor.storage, on: backend) }
      outputs = try own.writes.map { (tensor) throws(BackendError) in try TuningMemory(tensor.storage, on: backend) }
    } catch {
      throw AlgorithmFault(error)
    }
  }

  /// Returns a tensor with the same layout in a storage of its own.
  private static func copy(of tensor: Tensor) -> Tensor {
    // In large flat storages, such as all weights', the place within some cache lines is what counts.
    let offset = tensor.offset % 64
    let count = offset + (tensor.shape.pixelCount - 1) * tensor.pixelStride + tensor.shape.channels
    let storage = TensorStorage(name: tensor.storage.name, elementType: .float32, count: count)
    return Tensor(storage: storage, shape: tensor.shape, offset: offset, pixelStride: tensor.pixelStride)
  }

  // MARK: Time

  /// Milliseconds of a run by the device's clock: the best of a few, as all that disturbs a run makes it longer.
  /// - Parameter limit: what takes much longer than this is run once only.
  func milliseconds(_ algorithm: AnyAlgorithm, runs: Int = 7, limit: Double = .infinity) throws(AlgorithmFault)
    -> Double
  {
    do throws(BackendError) {
      let launch = try launch(problem, algorithm)
      if loaded == nil { try load(.wholeNumbers) }
      var best = Double.infinity
      var total = 0.0
      for _ in 0..<runs {
        guard let time = try milliseconds(launch) else { continue }
        best = min(best, time)
        total += time
        if best > 1.5 * limit || total > Self.longEnough { break }
      }
      guard best.isFinite else {
        throw BackendError.invalidOperation(operation: problem.title, reason: "the device's clock gives no times")
      }
      return best
    } catch {
      throw AlgorithmFault(error)
    }
  }

  /// Milliseconds after which another run would tell little.
  private static var longEnough: Double { 300 }

  /// From the start of the first kernel to the end of the last; nil where the clock did not move.
  private func milliseconds(_ launch: any Launch) throws(BackendError) -> Double? {
    _ = backend.takeTimings()
    try launch.run()
    let timings = backend.takeTimings()
    guard let first = timings.first, let last = timings.last else { return nil }
    let (start, end) = (try first.event.times().started, try last.event.times().ended)
    return end > start ? Double(end - start) * 1e-6 : nil
  }

  // MARK: Results

  /// Compares with the plain loops: to the bit on whole numbers, or within the algorithm's accuracy on fractions.
  func check(_ algorithm: AnyAlgorithm) throws(AlgorithmFault) {
    let accuracy = algorithm.parameters.accuracy
    let values: TuningValues = accuracy.isExactOnWholeNumbers ? .wholeNumbers : .fractions
    let right = try expected(values)
    let found = try results(of: [problem], algorithm, on: values)
    // Of fractions, the expected results are rounded too.
    let tolerance = values == .wholeNumbers ? 0 : accuracy.tolerance + AlgorithmAccuracy.plain.tolerance
    guard agree(found, right, tolerance: tolerance) else { throw .wrong }
  }

  /// Returns the expected contents of the outputs, guard zones included.
  ///
  /// The plain loops compute them where they have the time. Else they compute the first and the last elements, to which
  /// an algorithm that is exact on whole numbers must agree, and then stands for them.
  private func expected(_ values: TuningValues) throws(AlgorithmFault) -> [[Float]] {
    if let known = expected[values] { return known }
    let naive = AnyAlgorithm(Naive())
    let results: [[Float]]
    if problem.multiplyAdds <= naiveLimit {
      results = try self.results(of: [problem], naive, on: values)
    } else {
      results = try self.results(of: [problem], backend.plainAlgorithm(for: problem), on: values)
      let ends = try self.results(of: problem.ends(multiplyAdds: naiveLimit), naive, on: values)
      let tolerance = values == .wholeNumbers ? 0 : AlgorithmAccuracy.plain.tolerance
      guard agree(results, ends, tolerance: tolerance, whereWritten: true) else { throw .wrong }
    }
    expected[values] = results
    return results
  }

  /// Returns the contents of the outputs, poisoned before, after `problems`.
  private func results(of problems: [ConvolutionProblem], _ algorithm: AnyAlgorithm, on values: TuningValues)
    throws(AlgorithmFault) -> [[Float]]
  {
    do throws(BackendError) {
      if loaded != values { try load(values) }
      for output in outputs { try output.poison(on: backend) }
      for problem in problems {
        try launch(problem, algorithm).run()
        try backend.synchronize()
      }
      _ = backend.takeTimings()
      return try outputs.map { (output) throws(BackendError) in try output.download(from: backend) }
    } catch {
      throw AlgorithmFault(error)
    }
  }

  /// - Parameter whereWritten: compare only elements that `right` wrote.
  private func agree(_ found: [[Float]], _ right: [[Float]], tolerance: Double, whereWritten: Bool = false) -> Bool {
    zip(found, right).allSatisfy { found, right in
      let scale = tolerance > 0 ? right.reduce(0) { $1.isNaN ? $0 : max($0, abs($1)) } : 0
      let allowed = Float(tolerance) * scale
      return zip(found, right).allSatisfy { found, right in
        // Guard zones and gaps still hold the poison.
        if right.isNaN { return whereWritten || found.isNaN }
        return abs(found - right) <= allowed
      }
    }
  }

  private func load(_ values: TuningValues) throws(BackendError) {
    loaded = nil
    var first = 0
    for memory in inputs {
      let count = memory.storage.count
      try memory.upload(values.numbers(count, first: first, terms: problem.terms), on: backend)
      first += count
    }
    loaded = values
  }

  private func launch(_ problem: ConvolutionProblem, _ algorithm: AnyAlgorithm) throws(BackendError) -> any Launch {
    let planned = backend.plan(problem, by: algorithm)
    if planned.workspaceByteCount > workspace?.byteCount ?? 0 {
      workspace = nil
      workspace = try backend.allocate(byteCount: planned.workspaceByteCount)
    }
    // Another algorithm's results in it must not help this one.
    if let workspace {
      try backend.queue.fill(
        backend.own(workspace, for: "tune"), with: 0xff, byteOffset: 0, byteCount: workspace.byteCount)
    }
    return try planned.bind(workspace: workspace)
  }
}

extension ConvolutionProblem {
  /// Products and biases that are added up for one element of the result, at most.
  fileprivate var terms: Int { target == .weights ? k : k + 1 }

  /// Returns the problem restricted to the first and to the last few images, or output channels of a filter sum, with
  /// about `wanted` multiply-adds in all.
  func ends(multiplyAdds wanted: Int) -> [ConvolutionProblem] {
    let all = target == .weights ? outputSide.shape.channels : result.shape.batch
    let count = max(1, min(all / 2, wanted / 2 / max(1, multiplyAdds / all)))
    return [0..<count, all - count..<all].map { range in
      var part = self
      if target != .weights {
        (part.image, part.map) = (image.images(range), map.images(range))
      } else {
        if weightsInput == .image { part.map = map.channels(range) } else { part.image = image.channels(range) }
        (part.weights, part.bias) = (weights.channels(range), bias.map { $0.channels(range) })
      }
      return part
    }
  }
}

/// The memory of one storage while algorithms are tried on it, with a guard zone before and after.
private struct TuningMemory {
  let storage: TensorStorage
  private let whole: DeviceMemory
  private let front: Int

  /// More than a tile's row, which may run over.
  private static let guardByteCount = 4096

  init(_ storage: TensorStorage, on backend: CLBackend) throws(BackendError) {
    let alignment = backend.regionAlignment
    front = ceilDivide(Self.guardByteCount, alignment) * alignment
    whole = try backend.allocate(byteCount: front + storage.byteCount + Self.guardByteCount)
    self.storage = storage
    storage.memory = try backend.region(of: whole, byteOffset: front, byteCount: storage.byteCount)
  }

  /// Fills the memory and its guard zones with a NaN that no kernel computes.
  func poison(on backend: CLBackend) throws(BackendError) {
    try backend.queue.fill(backend.own(whole, for: "tune"), with: 0xff, byteOffset: 0, byteCount: whole.byteCount)
  }

  func upload(_ numbers: [Float], on backend: CLBackend) throws(BackendError) {
    try numbers.withUnsafeBufferPointer { numbers throws(BackendError) in
      try backend.upload(UnsafeRawBufferPointer(numbers), to: whole, byteOffset: front)
    }
  }

  /// Returns the contents, guard zones included.
  func download(from backend: CLBackend) throws(BackendError) -> [Float] {
    var numbers = [Float](repeating: 0, count: whole.byteCount / ElementType.float32.byteCount)
    try numbers.withUnsafeMutableBufferPointer { numbers throws(BackendError) in
      try backend.download(whole, byteOffset: 0, into: UnsafeMutableRawBufferPointer(numbers))
    }
    return numbers
  }
}

/// The numbers that an algorithm is tried on.
private enum TuningValues {
  /// Small whole numbers: sums of their products are exact in float, in whatever order they are added.
  case wholeNumbers
  /// Uniform on -1 to 1.
  case fractions

  /// A prime, so that no shape repeats the numbers in step.
  private static let period = 65_521
  private static let words: [UInt32] = {
    var random = Philox(seed: 1, stream: 0)
    return (0..<period).map { _ in random.nextWord() }
  }()

  /// Float counts to here without a gap.
  private static let exactLimit = 1 << 24

  /// Returns `count` numbers.
  /// - Parameters:
  ///   - first: index of the first number, so that tensors differ.
  ///   - terms: products in a sum, whose whole numbers must stay small.
  func numbers(_ count: Int, first: Int, terms: Int) -> [Float] {
    let largest: UInt32 = terms * 9 < Self.exactLimit ? 3 : 1
    let table = Self.words.map { word -> Float in
      switch self {
      case .wholeNumbers: Float(Int(word >> 8) % Int(2 * largest + 1) - Int(largest))
      case .fractions: Float(word >> 8) * 0x1p-23 - 1
      }
    }
    return [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      var place = first % Self.period
      for index in 0..<count {
        buffer[index] = table[place]
        place = place + 1 == Self.period ? 0 : place + 1
      }
      filled = count
    }
  }
}
