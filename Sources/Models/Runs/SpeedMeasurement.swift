/// The measurement of the speed of a run's first steps.
struct SpeedMeasurement {
  /// Seconds of steps that suffice, and those that do at the end of an epoch.
  private let sufficientSeconds, leastSeconds: Double
  private var isWarm = false
  private var isDone = false
  private var steps = 0
  private var seconds = 0.0

  /// - Parameters:
  ///   - sufficientSeconds: Seconds of steps that are measured.
  ///   - leastSeconds: The least at the end of an epoch.
  init(sufficientSeconds: Double = 2, leastSeconds: Double = 0.25) {
    self.sufficientSeconds = sufficientSeconds
    self.leastSeconds = leastSeconds
  }

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
    guard seconds >= (endsEpoch ? leastSeconds : sufficientSeconds) else { return nil }
    isDone = true
    return Double(steps) / seconds
  }
}
