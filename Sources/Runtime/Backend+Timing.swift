extension Backend {
  /// How long a launch takes by the host's clock, in seconds, from an idle device to an idle device.
  package func hostTime(of launch: any Launch) throws(BackendError) -> Double {
    try synchronize()
    let start = ContinuousClock.now
    try launch.run()
    try synchronize()
    return start.secondsUntilNow
  }

  public func time(_ launch: any Launch) throws(BackendError) -> Double { try hostTime(of: launch) }
}
