import Runtime

/// A search for the fastest method of one sum: a short list first, then a descent that changes one size at a time.
struct MethodSearch<Sum: TunableSum> {
  private let bench: TuningBench<Sum>
  private let backend: CLBackend
  /// Whether it is time to end.
  private let isOver: () -> Bool
  private var seen: Set<Sum.Method> = []
  /// Those of them whose results are right.
  private var right: Set<Sum.Method> = []
  private(set) var counts = MethodCounts()
  private(set) var standard: (method: Sum.Method, milliseconds: Double)
  private(set) var best: (method: Sum.Method, milliseconds: Double)

  /// A step of the search must be this much faster, so that it does not follow noise; what is kept at the end, twice that.
  private static var leastGain: Double { 0.01 }

  /// Checks and times the built-in method.
  init(_ sum: Sum, on backend: CLBackend, isOver: @escaping () -> Bool) throws(MethodFault) {
    bench = try TuningBench(sum, on: backend)
    self.backend = backend
    self.isOver = isOver
    let method = bench.sum.standard(on: backend)
    try bench.check(method)
    standard = (method, try bench.milliseconds(method))
    best = standard
    seen = [method]
  }

  /// Tries `known`, where it is not nil, and what the list and the descent lead to.
  mutating func run(startingWith known: Sum.Method?) {
    for method in (known.map { [$0] } ?? []) + bench.sum.candidates(on: backend) { _ = attempt(method) }
    var isImproving = true
    while isImproving {
      isImproving = false
      for method in best.method.neighbours where attempt(method) {
        isImproving = true
        break
      }
    }
    confirm(known)
  }

  /// Whether `method` was tried, or is the built-in one.
  func hasTried(_ method: Sum.Method) -> Bool { seen.contains(method) }

  /// Whether a method is the best so far.
  private mutating func attempt(_ method: Sum.Method) -> Bool {
    guard !isOver(), !seen.contains(method), bench.sum.isUsable(method, on: backend) else { return false }
    seen.insert(method)
    counts.tried += 1
    do throws(MethodFault) {
      try bench.check(method)
      right.insert(method)
      let milliseconds = try bench.milliseconds(method, limit: best.milliseconds)
      guard milliseconds < best.milliseconds * (1 - Self.leastGain) else { return false }
      best = (method, milliseconds)
      return true
    } catch {
      counts.add(error)
      return false
    }
  }

  /// Times what would be new and what is used so far, `known` or the built-in method, in turn, so that both meet the same
  /// disturbances, and stays with what is used if there is little between them.
  private mutating func confirm(_ known: Sum.Method?) {
    let used = known.flatMap { right.contains($0) ? $0 : nil } ?? standard.method
    let other = best.method == used ? standard.method : best.method
    guard used != other else { return }
    // The best may be the built-in one itself.
    var times = [standard.method: standard.milliseconds]
    times[best.method] = best.milliseconds
    do throws(MethodFault) {
      for _ in 0..<3 {
        for method in [used, other] {
          times[method] = min(times[method] ?? .infinity, try bench.milliseconds(method, runs: 2))
        }
      }
    } catch {
      counts.add(error)
      best = standard
      return
    }
    let (usedTime, otherTime) = (times[used] ?? .infinity, times[other] ?? .infinity)
    standard.milliseconds = min(standard.milliseconds, times[standard.method] ?? .infinity)
    best = otherTime < usedTime * (1 - 2 * Self.leastGain) ? (other, otherTime) : (used, usedTime)
  }
}
