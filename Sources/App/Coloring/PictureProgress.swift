/// The progress through several pictures, and the time that the rest will take.
///
/// A picture counts by the bytes of its file, which are known before it is read; where those of one are not, as of
/// standard input, all count the same.
struct PictureProgress {
  private let weights: [Double]
  private let begun: ContinuousClock.Instant
  /// The picture that was begun last.
  private(set) var latest = 0
  /// The weights of pictures that are finished, and of those that are or will be.
  private var finished = 0.0
  private var all: Double

  /// - Parameters:
  ///   - byteCounts: The sizes of the files; nil where one is unknown.
  ///   - begun: When the first picture is begun.
  init(byteCounts: [Int?], begun: ContinuousClock.Instant) {
    let known = byteCounts.compactMap(\.self).map(Double.init)
    weights = known.count == byteCounts.count && known.allSatisfy { $0 > 0 } ? known : byteCounts.map { _ in 1 }
    all = weights.reduce(0, +)
    self.begun = begun
  }

  mutating func begin(_ index: Int) { latest = index }

  mutating func finish(_ index: Int) { finished += weights[index] }

  /// Notes that a picture is passed over, which takes no time.
  mutating func skip(_ index: Int) { all -= weights[index] }

  /// The line up to the name of the picture that was begun last: `3 of 8, 12 s left: `. The time is left out before a
  /// picture is finished.
  func line(at now: ContinuousClock.Instant) -> String {
    let left = secondsLeft(at: now).map { ", \(Format.duration(seconds: $0)) left" } ?? ""
    return "\(latest + 1) of \(weights.count)\(left): "
  }

  /// The time that the pictures that are not finished take at the speed so far; nil before one is.
  private func secondsLeft(at now: ContinuousClock.Instant) -> Double? {
    finished > 0 ? (now - begun) / .seconds(1) * (all - finished) / finished : nil
  }
}
