/// Steps per second since the last look.
struct ThroughputMeter {
  private var start = ContinuousClock.now
  private var step: Int

  init(step: Int) { self.step = step }

  /// Whether steps were taken since the last lap.
  func hasNewSteps(at step: Int) -> Bool { step > self.step }

  var secondsSinceReport: Double { start.secondsUntilNow }

  /// Steps per second since the last lap; starts the next.
  mutating func lap(step newStep: Int) -> Double {
    let seconds = start.secondsUntilNow
    defer {
      start = .now
      step = newStep
    }
    return seconds > 0 ? Double(newStep - step) / seconds : 0
  }
}
