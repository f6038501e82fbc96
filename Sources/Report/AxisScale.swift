import Foundation

/// The scale of an axis: its range and its ticks.
struct AxisScale: Equatable {
  /// First and last value of the axis.
  let bounds: ClosedRange<Double>
  /// The labeled values, in ascending order: 1, 2 or 5 times a power of ten apart, or on a logarithmic axis such
  /// numbers.
  let ticks: [Double]
  let isLogarithmic: Bool

  /// Values of a larger magnitude are drawn as if they had this one, and those of less than its reciprocal as 0: sums
  /// and quotients of drawn values are finite.
  private static let largestMagnitude = 1e300

  /// A range that is narrower than this share of its values is drawn as a single value: its ticks would have more
  /// digits than numbers have.
  private static let narrowestShare = 1e-12

  /// Creates the scale of an axis that contains `values`, except for those that are NaN. It is logarithmic if they are
  /// positive and span a factor of 10 or more.
  init(fitting values: [Double], tickCount: Int = 5, allowsLogarithm: Bool = true) {
    let (least, greatest) = Self.drawnRange(of: values)
    if allowsLogarithm, least > 0, greatest / least >= 10 {
      self.init(logarithmic: least...greatest, tickCount: tickCount)
    } else {
      self.init(linear: least...greatest, tickCount: tickCount)
    }
  }

  /// Creates the scale of an axis of counts, with ticks at integers, from the least to the greatest.
  init(counts values: [Double], tickCount: Int = 6) {
    let (least, greatest) = Self.drawnRange(of: values)
    let step = max(1, Self.roundStep(atLeast: (greatest - least) / Double(tickCount)))
    let first = (least / step).rounded(.up)
    // 1, unless that would change nothing.
    let margin = max(1, least.magnitude * Self.narrowestShare)
    bounds = least < greatest ? least...greatest : least - margin...least + margin
    ticks = stride(from: first, through: (greatest / step).rounded(.down), by: 1).map { $0 * step }
    isLogarithmic = false
  }

  private init(linear range: ClosedRange<Double>, tickCount: Int) {
    var (least, greatest) = (range.lowerBound, range.upperBound)
    if greatest - least <= max(least.magnitude, greatest.magnitude) * Self.narrowestShare {
      let margin = max(abs(least) / 10, 1e-12)
      (least, greatest) = (least - margin, greatest + margin)
    }
    let step = Self.roundStep(atLeast: (greatest - least) / Double(tickCount))
    let first = (least / step).rounded(.down)
    let last = (greatest / step).rounded(.up)
    // Multiples instead of sums, which round more.
    ticks = stride(from: first, through: last, by: 1).map { $0 * step }
    bounds = first * step...last * step
    isLogarithmic = false
  }

  private init(logarithmic range: ClosedRange<Double>, tickCount: Int) {
    let powers = Int(log10(range.lowerBound).rounded(.down))...Int(log10(range.upperBound).rounded(.up))
    let all = powers.flatMap { power in [1.0, 2, 5].map { $0 * pow(10, Double(power)) } }
    let first = all.last { $0 <= range.lowerBound } ?? range.lowerBound
    let last = all.first { $0 >= range.upperBound } ?? range.upperBound
    let inside = all.filter { $0 >= first && $0 <= last }
    let tens = powers.map { pow(10, Double($0)) }.filter { $0 >= first && $0 <= last }
    let apart = max(1, (tens.count + tickCount - 1) / tickCount)
    ticks = inside.count <= tickCount + 3 ? inside : tens.indices.filter { $0.isMultiple(of: apart) }.map { tens[$0] }
    bounds = first...last
    isLogarithmic = true
  }

  /// Returns the least and the greatest of the values, as they are drawn; 0 and 1 where there are none.
  private static func drawnRange(of values: [Double]) -> (least: Double, greatest: Double) {
    let drawn = values.filter { !$0.isNaN }.map(drawn)
    return (drawn.min() ?? 0, drawn.max() ?? 1)
  }

  /// Returns the nearest value that an axis can have.
  private static func drawn(_ value: Double) -> Double {
    if value.magnitude < 1 / largestMagnitude { return 0 }
    return min(max(value, -largestMagnitude), largestMagnitude)
  }

  /// Returns the smallest of 1, 2 and 5 times a power of ten that is not below `step`.
  private static func roundStep(atLeast step: Double) -> Double {
    guard step > 0, step.isFinite else { return 1 }
    let power = pow(10, log10(step).rounded(.down))
    return [1.0, 2, 5, 10].map { $0 * power }.first { $0 >= step * 0.999999 } ?? 10 * power
  }

  /// Returns the position of a value: 0 at the axis' first value, 1 at its last.
  func position(of value: Double) -> Double {
    let (first, last) = (bounds.lowerBound, bounds.upperBound)
    let value = Self.drawn(value)
    return isLogarithmic ? (log(value) - log(first)) / (log(last) - log(first)) : (value - first) / (last - first)
  }

  /// Returns the text of a value.
  static func label(_ value: Double, digits: Int = 6) -> String {
    // Without a locale: a decimal point, and no groups.
    String(format: "%.\(digits)g", abs(value) < 1e-300 ? 0 : value)
  }
}
