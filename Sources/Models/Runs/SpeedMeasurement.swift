/// The measurement of the speed of a run's first steps.
struct SpeedMeasurement {
  /// Seconds of steps that are measured, and the least at the end of an epoch.
  private static let sufficientSeconds = 2.0, leastSeconds = 0.25

  private var isWarm = false
  private var isDone = false
  private var steps = 0
  private var seconds = 0.0

  /// Adds steps that the device has finished.
  /// - Returns: the steps per second, once: when enough were measured, or at the end of an epoch. Nil otherwise.
  mutating func add(steps newSteps: Int, seconds newSeconds: Double, endsEpoch: Bool) -> Double? {
    guard !isDone, newSteps > 0 else { return nil }
    // The first steps compile kernels and access their memory for the first time.
    guard isWarm else {
      isWarm = true
      return nil
    }
    steps += newSteps
    seconds += newSeconds
    guard seconds >= (endsEpoch ? Self.leastSeconds : Self.sufficientSeconds) else { return nil }
    isDone = true
    return Double(steps) / seconds
  }
}
