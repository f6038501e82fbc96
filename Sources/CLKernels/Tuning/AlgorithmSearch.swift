import Runtime

/// A search for the fastest algorithm of one convolution's pass: a short list first, then a descent that changes one
/// parameter at a time.
struct AlgorithmSearch {
  private let bench: TuningBench
  private let backend: CLBackend
  /// Whether it is time to end.
  private let isOver: () -> Bool
  private var seen: Set<AnyAlgorithm> = []
  /// The algorithms in `seen` with correct results.
  private var right: Set<AnyAlgorithm> = []
  private(set) var counts = TuningCounts()
  private(set) var standard: (algorithm: AnyAlgorithm, milliseconds: Double)
  private(set) var best: (algorithm: AnyAlgorithm, milliseconds: Double)

  /// Relative gain of a step of the search, so that it does not follow noise; the algorithm that is kept must gain
  /// twice that.
  private static var leastGain: Double { 0.01 }

  /// Checks and times the built-in algorithm.
  init(_ problem: ConvolutionProblem, on backend: CLBackend, isOver: @escaping () -> Bool) throws(AlgorithmFault) {
    bench = try TuningBench(problem, on: backend)
    self.backend = backend
    self.isOver = isOver
    let algorithm = backend.standardAlgorithm(for: bench.problem)
    try bench.check(algorithm)
    standard = (algorithm, try bench.milliseconds(algorithm))
    best = standard
    seen = [algorithm]
  }

  /// Tries `known`, where it is not nil, and what the list and the descent lead to.
  mutating func run(startingWith known: AnyAlgorithm?) {
    for algorithm in (known.map { [$0] } ?? []) + backend.candidateAlgorithms(for: bench.problem) {
      _ = attempt(algorithm)
    }
    var isImproving = true
    while isImproving {
      isImproving = false
      for algorithm in best.algorithm.neighbours where attempt(algorithm) {
        isImproving = true
        break
      }
    }
    confirm(known)
  }

  /// Whether `algorithm` was tried, or is the built-in one.
  func hasTried(_ algorithm: AnyAlgorithm) -> Bool { seen.contains(algorithm) }

  /// Whether an algorithm is the best so far.
  private mutating func attempt(_ algorithm: AnyAlgorithm) -> Bool {
    guard !isOver(), !seen.contains(algorithm), algorithm.isUsable(for: bench.problem, on: backend) else {
      return false
    }
    seen.insert(algorithm)
    counts.tried += 1
    do throws(AlgorithmFault) {
      try bench.check(algorithm)
      right.insert(algorithm)
      let milliseconds = try bench.milliseconds(algorithm, limit: best.milliseconds)
      guard milliseconds < best.milliseconds * (1 - Self.leastGain) else { return false }
      best = (algorithm, milliseconds)
      return true
    } catch {
      counts.add(error)
      return false
    }
  }

  /// Times what would be new and what is used so far, `known` or the built-in algorithm, in turn, so that both meet the
  /// same disturbances, and stays with what is used if there is little between them.
  private mutating func confirm(_ known: AnyAlgorithm?) {
    let used = known.flatMap { right.contains($0) ? $0 : nil } ?? standard.algorithm
    let other = best.algorithm == used ? standard.algorithm : best.algorithm
    guard used != other else { return }
    // The best may be the built-in one itself.
    var times = [standard.algorithm: standard.milliseconds]
    times[best.algorithm] = best.milliseconds
    do throws(AlgorithmFault) {
      for _ in 0..<3 {
        for algorithm in [used, other] {
          times[algorithm] = min(times[algorithm] ?? .infinity, try bench.milliseconds(algorithm, runs: 2))
        }
      }
    } catch {
      counts.add(error)
      best = standard
      return
    }
    let (usedTime, otherTime) = (times[used] ?? .infinity, times[other] ?? .infinity)
    standard.milliseconds = min(standard.milliseconds, times[standard.algorithm] ?? .infinity)
    best = otherTime < usedTime * (1 - 2 * Self.leastGain) ? (other, otherTime) : (used, usedTime)
  }
}
