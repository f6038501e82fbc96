import Runtime

/// What is wrong with a method that was tried.
enum MethodFault: Error, CustomStringConvertible {
  /// The kernels do not build.
  case doesNotBuild(BackendError)
  /// The driver does not take them, or has no room.
  case refused(BackendError)
  /// The results are not those of the plain loops.
  case wrong

  var description: String {
    switch self {
    case .doesNotBuild(let error), .refused(let error): error.description
    case .wrong: "gives other results than the plain loops"
    }
  }
}

/// One sum with memory of its own, on which methods are checked and timed.
final class TuningBench<Sum: TunableSum> {
  let sum: Sum
  private let backend: CLBackend
  private let inputs: [TuningMemory]
  private let outputs: [TuningMemory]
  private var workspace: DeviceMemory?
  private var loaded: TuningValues?
  private var expected: [TuningValues: [[Float]]] = [:]
  private let naiveLimit: Int

  /// - Parameters:
  ///   - sum: its tensors lend their shapes; they need no memory.
  ///   - naiveLimit: the most multiply-adds that plain loops have the time for.
  init(_ sum: Sum, on backend: CLBackend, naiveLimit: Int? = nil) throws(MethodFault) {
    self.backend = backend
    // A fraction of a second.
    self.naiveLimit = naiveLimit ?? (backend.bodies == .gpu ? 1 << 36 : 1 << 28)
    self.sum = sum.moved { tensor in
      // In large flat storages, such as all weights', the place within some cache lines is what counts.
      let offset = tensor.offset % 64
      let count = offset + (tensor.shape.pixelCount - 1) * tensor.pixelStride + tensor.shape.channels
      let storage = TensorStorage(name: tensor.storage.name, elementType: .float32, count: count)
      return Tensor(storage: storage, shape: tensor.shape, offset: offset, pixelStride: tensor.pixelStride)
    }
    inputs = try Self.memories(of: self.sum.inputs, on: backend)
    outputs = try Self.memories(of: self.sum.outputs, on: backend)
  }

  private static func memories(of tensors: [Tensor], on backend: CLBackend) throws(MethodFault) -> [TuningMemory] {
    do throws(BackendError) {
      var memories: [TuningMemory] = []
      for tensor in tensors { memories.append(try TuningMemory(tensor.storage, on: backend)) }
      return memories
    } catch {
      throw .refused(error)
    }
  }

  // MARK: Time

  /// Milliseconds of a run by the device's clock: the best of a few, as all that disturbs a run makes it longer.
  /// - Parameter limit: what takes much longer than this is run once only.
  func milliseconds(_ method: Sum.Method, runs: Int = 7, limit: Double = .infinity) throws(MethodFault) -> Double {
    let launch = try prepare(sum, method)
    do throws(BackendError) {
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
        throw BackendError.invalidOperation(operation: sum.key.description, reason: "the device's clock gives no times")
      }
      return best
    } catch {
      throw .refused(error)
    }
  }

  /// Milliseconds after which another run would tell little.
  private static var longEnough: Double { 300 }

  /// From the start of the first kernel to the end of the last; nil where the clock did not move.
  private func milliseconds(_ launch: CLLaunch) throws(BackendError) -> Double? {
    _ = backend.takeTimings()
    try launch.run()
    let timings = backend.takeTimings()
    guard let first = timings.first, let last = timings.last else { return nil }
    let (start, end) = (try first.event.times().started, try last.event.times().ended)
    return end > start ? Double(end - start) * 1e-6 : nil
  }

  // MARK: Results

  /// Compares with the plain loops: to the bit on whole numbers, or within what the method promises on fractions.
  func check(_ method: Sum.Method) throws(MethodFault) {
    let values: TuningValues = method.accuracy.isExactOnWholeNumbers ? .wholeNumbers : .fractions
    let right = try expected(values)
    let found = try results(of: [sum], method, on: values)
    // Of fractions, what is right is rounded too.
    let tolerance =
      values == .wholeNumbers ? 0 : method.accuracy.tolerance + MethodAccuracy.plain.tolerance
    guard agree(found, right, tolerance: tolerance) else { throw .wrong }
  }

  /// What the outputs must hold, guards and all.
  ///
  /// The plain loops give it where they have the time. Else they give its first and last elements, to which a method that is
  /// exact on whole numbers must agree, and then stands for them.
  private func expected(_ values: TuningValues) throws(MethodFault) -> [[Float]] {
    if let known = expected[values] { return known }
    let results: [[Float]]
    if sum.multiplyAdds <= naiveLimit {
      results = try self.results(of: [sum], sum.naive, on: values)
    } else {
      results = try self.results(of: [sum], sum.exact(on: backend), on: values)
      let ends = try self.results(of: sum.ends(multiplyAdds: naiveLimit), sum.naive, on: values)
      let tolerance = values == .wholeNumbers ? 0 : MethodAccuracy.plain.tolerance
      guard agree(results, ends, tolerance: tolerance, whereWritten: true) else { throw .wrong }
    }
    expected[values] = results
    return results
  }

  /// What the outputs, poisoned before, hold after `sums`.
  private func results(of sums: [Sum], _ method: Sum.Method, on values: TuningValues) throws(MethodFault) -> [[Float]] {
    do throws(BackendError) {
      if loaded != values { try load(values) }
      for output in outputs { try output.poison(on: backend) }
    } catch {
      throw .refused(error)
    }
    for sum in sums {
      let launch = try prepare(sum, method)
      do throws(BackendError) {
        try launch.run()
        try backend.synchronize()
      } catch {
        throw .refused(error)
      }
    }
    _ = backend.takeTimings()
    do throws(BackendError) {
      var results: [[Float]] = []
      for output in outputs { results.append(try output.download(from: backend)) }
      return results
    } catch {
      throw .refused(error)
    }
  }

  /// - Parameter whereWritten: leave out what `right` did not write.
  private func agree(_ found: [[Float]], _ right: [[Float]], tolerance: Double, whereWritten: Bool = false) -> Bool {
    zip(found, right).allSatisfy { found, right in
      let scale = tolerance > 0 ? right.reduce(0) { $1.isNaN ? $0 : max($0, abs($1)) } : 0
      let allowed = Float(tolerance) * scale
      return zip(found, right).allSatisfy { found, right in
        // Guards and gaps hold the poison still.
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
      try memory.upload(values.numbers(count, first: first, terms: sum.terms), on: backend)
      first += count
    }
    loaded = values
  }

  private func prepare(_ sum: Sum, _ method: Sum.Method) throws(MethodFault) -> CLLaunch {
    do throws(BackendError) {
      let byteCount = sum.workspaceByteCount(method)
      if byteCount > workspace?.byteCount ?? 0 {
        workspace = nil
        workspace = try backend.allocate(byteCount: byteCount)
      }
      // What is left in it from another method must not help this one.
      if let workspace {
        try backend.queue.fill(
          backend.own(workspace, for: "tune"), with: 0xff, byteOffset: 0, byteCount: workspace.byteCount)
      }
      return try sum.prepare(method, on: backend, workspace: workspace)
    } catch {
      if case .openCL(let error) = error, error.call == "clBuildProgram" {
        throw .doesNotBuild(.openCL(error))
      }
      throw .refused(error)
    }
  }
}
