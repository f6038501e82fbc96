import Runtime

/// The choice of each convolution's algorithm. It is a function of the shape and of this value, so results do not
/// depend on other work of the device.
public struct AlgorithmChoice: Sendable {
  /// Algorithms that were found to be fast, by key.
  var tuned: [ConvolutionKey: AnyAlgorithm] = [:]
  /// Use this algorithm wherever it can compute what is asked, so that it can be tested or measured by itself.
  public var kind: AlgorithmKind?

  public init(kind: AlgorithmKind? = nil) { self.kind = kind }
}

extension CLBackend {
  /// Returns the algorithm that computes `problem` here, and whether it is a tuned one.
  func algorithm(for problem: ConvolutionProblem) -> (algorithm: AnyAlgorithm, isTuned: Bool) {
    if let kind = algorithms.kind, let forced = AnyAlgorithm(kind, for: problem, on: self) { return (forced, false) }
    if let tuned = algorithms.tuned[ConvolutionKey(problem)] {
      if tuned.isUsable(for: problem, on: self) { return (tuned, true) }
      Remarks.warning(
        "the tuned algorithm of \(problem.title), \(tuned), does not fit its kernels; the built-in one is used")
    }
    return (standardAlgorithm(for: problem), false)
  }

  /// Returns the built-in algorithm, which is used where nothing was measured.
  func standardAlgorithm(for problem: ConvolutionProblem) -> AnyAlgorithm {
    for kind in AlgorithmKind.competing(bodies, precision)
    where kind.type(for: problem.target)?.isPreferred(for: problem) == true {
      if let algorithm = usableAlgorithm(kind, for: problem) { return algorithm }
    }
    return plainAlgorithm(for: problem)
  }

  /// Returns the built-in algorithm that multiplies and adds as it is written, which computes every problem: the plain
  /// loops where the device's groups or allocations are too small for tiles.
  func plainAlgorithm(for problem: ConvolutionProblem) -> AnyAlgorithm {
    usableAlgorithm(bodies == .gpu ? .tiled : .vector, for: problem) ?? AnyAlgorithm(Naive())
  }

  private func usableAlgorithm(_ kind: AlgorithmKind, for problem: ConvolutionProblem) -> AnyAlgorithm? {
    AnyAlgorithm(kind, for: problem, on: self).flatMap { $0.isUsable(for: problem, on: self) ? $0 : nil }
  }

  /// Returns the algorithms that a search begins with.
  func candidateAlgorithms(for problem: ConvolutionProblem) -> [AnyAlgorithm] {
    AlgorithmKind.competing(bodies, precision).flatMap { AnyAlgorithm.candidates($0, for: problem, on: self) }
  }

  /// Returns how close to the true sums a convolution's pass would come, computed as it would be here; nil for all
  /// other operations.
  public func accuracy(of operation: any Operation) -> AlgorithmAccuracy? {
    (operation as? any ConvolutionOperation).map { algorithm(for: $0.problem).algorithm.parameters.accuracy }
  }

  /// Returns the algorithm that would compute a convolution's pass here; nil for all other operations.
  public func algorithmKind(of operation: any Operation) -> AlgorithmKind? {
    (operation as? any ConvolutionOperation).map { algorithm(for: $0.problem).algorithm.parameters.kind }
  }
}
