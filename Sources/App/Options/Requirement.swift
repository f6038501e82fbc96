import ArgumentParser

/// A condition on the value of an option.
struct Requirement<Value> {
  /// The condition in messages, after "must": `be at least 1`.
  private let text: String
  private let isMet: (Value) -> Bool

  init(_ text: String, isMet: @escaping (Value) -> Bool) {
    self.text = text
    self.isMet = isMet
  }

  /// Throws `ValidationError` where a value is given and does not meet the condition.
  /// - Parameter option: The option's name without leading dashes.
  func check(_ value: Value?, of option: String) throws {
    guard let value, !isMet(value) else { return }
    throw ValidationError("--\(option) \(value): must \(text).")
  }
}

extension Requirement where Value == Int {
  static var positive: Self { Self("be at least 1") { $0 >= 1 } }
  static var notNegative: Self { Self("not be negative") { $0 >= 0 } }
  /// Pixels of the shorter side of a colorizer's input.
  static var workingSizes: Self { within(16...4096) }
  static func within(_ range: ClosedRange<Int>) -> Self {
    Self("be from \(range.lowerBound) to \(range.upperBound)", isMet: range.contains)
  }
}

extension Requirement where Value == Float {
  static var positive: Self { Self("be a number above 0") { $0 > 0 && $0.isFinite } }
  static var notNegative: Self { Self("be a number not below 0") { $0 >= 0 && $0.isFinite } }
  /// Above 0, and 1 at most.
  static var factor: Self { Self("be a number above 0, and 1 at most") { $0 > 0 && $0 <= 1 } }
  /// From 0 to 1.
  static var zeroToOne: Self { Self("be a number from 0 to 1") { $0 >= 0 && $0 <= 1 } }
  /// From 0 to below 1.
  static var share: Self { Self("be a number from 0 to below 1") { $0 >= 0 && $0 < 1 } }
  static func within(_ range: ClosedRange<Float>) -> Self {
    Self("be a number from \(range.lowerBound) to \(range.upperBound)", isMet: range.contains)
  }
}
