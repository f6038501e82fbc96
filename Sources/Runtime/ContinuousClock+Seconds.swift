extension ContinuousClock.Instant {
  /// Seconds from this instant to now.
  package var secondsUntilNow: Double {
    let duration = self.duration(to: .now)
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
  }
}
