/// How long each of several runs of the same work took, in seconds, in the order in which they ran; at least one.
public struct Durations: Sendable {
  public let seconds: [Double]
  private let sorted: [Double]

  init(_ seconds: [Double]) {
    self.seconds = seconds
    sorted = seconds.sorted()
  }

  public var median: Double { quantile(0.5) }
  public var shortest: Double { quantile(0) }
  public var longest: Double { quantile(1) }

  /// The duration that a part of all runs, 0...1, does not exceed, between two runs linearly (type 7 of Hyndman and Fan,
  /// "Sample quantiles in statistical packages", The American Statistician 1996).
  public func quantile(_ part: Double) -> Double {
    let place = part * Double(sorted.count - 1)
    let low = Int(place)
    let high = min(low + 1, sorted.count - 1)
    return sorted[low] + (place - Double(low)) * (sorted[high] - sorted[low])
  }
}
