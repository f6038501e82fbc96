/// Where a pixel lies among fewer or more others: between two neighbours, and how far.
struct LinearSample {
  let low: Int
  let high: Int
  let fraction: Float

  /// For each of `target` pixels, its place among `source` ones; centers at halves, edges clamped.
  static func all(from source: Int, to target: Int) -> [LinearSample] {
    (0..<target).map { index in
      let place = (Float(index) + 0.5) * Float(source) / Float(target) - 0.5
      let clamped = min(max(place, 0), Float(source - 1))
      let low = Int(clamped)
      return LinearSample(low: low, high: min(low + 1, source - 1), fraction: clamped - Float(low))
    }
  }
}
