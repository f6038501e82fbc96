import ArgumentParser

/// A condition on the value of an option.
struct Requirement<Value> {
  /// The condition in messages, after "must": `be at least 1`.
  private let text: String
  private let isMet: (Value) -> Bool
  /// Returns a value as it is written on the command line.
  private let valueText: (Value) -> String

  private init(_ text: String, isMet: @escaping (Value) -> Bool, valueText: @escaping (Value) -> String) {
    self.text = text
    self.isMet = isMet
    self.valueText = valueText
  }

  /// Throws `ValidationError` where a value is given and does not meet the condition.
  /// - Parameter option: The option's name without leading dashes.
  func check(_ value: Value?, of option: String) throws {
    guard let value, !isMet(value) else { return }
    throw ValidationError("--\(option) \(valueText(value)): must \(text).")
  }
}

extension Requirement where Value == Int {
  private init(_ text: String, isMet: @escaping (Int) -> Bool) {
    self.init(text, isMet: isMet) { String($0) }
  }

  static var positive: Self { Self("be at least 1") { $0 >= 1 } }
  static var notNegative: Self { Self("not be negative") { $0 >= 0 } }
  static func within(_ range: ClosedRange<Int>) -> Self {
    Self("be from \(range.lowerBound) to \(range.upperBound)", isMet: range.contains)
  }
}

extension Requirement where Value == Float {
  private init(_ text: String, isMet: @escaping (Float) -> Bool) {
    self.init(text, isMet: isMet, valueText: Self.text)
  }

  /// Returns a number without needless decimals: `3` and `0.1`.
  private static func text(_ value: Float) -> String { Format.significant(Double(value), 7) }

  static var positive: Self { Self("be a number above 0") { $0 > 0 && $0.isFinite } }
  static var notNegative: Self { Self("be a number not below 0") { $0 >= 0 && $0.isFinite } }
  /// Above 0, and 1 at most.
  static var factor: Self { Self("be a number above 0, and 1 at most") { $0 > 0 && $0 <= 1 } }
  /// From 0 to 1.
  static var zeroToOne: Self { Self("be a number from 0 to 1") { $0 >= 0 && $0 <= 1 } }
  /// From 0 to below 1.
  static var share: Self { Self("be a number from 0 to below 1") { $0 >= 0 && $0 < 1 } }
  static func within(_ range: ClosedRange<Float>) -> Self {
    Self("be a number from \(text(range.lowerBound)) to \(text(range.upperBound))", isMet: range.contains)
  }
}
