/// A condition on the value of an option.
public struct Requirement<Value>: Sendable {
  /// The condition in messages, after "must": `be at least 1`.
  private let text: String
  private let isMet: @Sendable (Value) -> Bool
  /// Returns a value as it is written on the command line.
  private let valueText: @Sendable (Value) -> String

  private init(
    _ text: String, isMet: @escaping @Sendable (Value) -> Bool, valueText: @escaping @Sendable (Value) -> String
  ) {
    self.text = text
    self.isMet = isMet
    self.valueText = valueText
  }

  /// Returns how a value does not meet the condition: `--epochs 0: must be at least 1`; nil where it does, or where
  /// there is no value.
  /// - Parameter option: The option's name without leading dashes.
  public func failure(of value: Value?, option: String) -> String? {
    guard let value, !isMet(value) else { return nil }
    return "--\(option) \(valueText(value)): must \(text)"
  }
}

extension Requirement where Value == Int {
  private init(_ text: String, isMet: @escaping @Sendable (Int) -> Bool) {
    self.init(text, isMet: isMet) { String($0) }
  }

  public static var positive: Self { Self("be at least 1") { $0 >= 1 } }
  public static var notNegative: Self { Self("not be negative") { $0 >= 0 } }
  public static func powerOfTwo(through largest: Int) -> Self {
    Self("be a power of two from 1 to \(largest)") { (1...largest).contains($0) && $0.nonzeroBitCount == 1 }
  }
  public static func within(_ range: ClosedRange<Int>) -> Self {
    Self("be from \(range.lowerBound) to \(range.upperBound)", isMet: range.contains)
  }
}

extension Requirement where Value == Float {
  private init(_ text: String, isMet: @escaping @Sendable (Float) -> Bool) {
    self.init(text, isMet: isMet, valueText: Self.text)
  }

  /// Returns a number without needless decimals: `3` and `0.1`.
  @Sendable
  private static func text(_ value: Float) -> String {
    let text = "\(value)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  public static var positive: Self { Self("be a number above 0") { $0 > 0 && $0.isFinite } }
  public static var notNegative: Self { Self("be a number not below 0") { $0 >= 0 && $0.isFinite } }
  /// Above 0, and 1 at most.
  public static var factor: Self { Self("be a number above 0, and 1 at most") { $0 > 0 && $0 <= 1 } }
  /// From 0 to 1.
  public static var zeroToOne: Self { Self("be a number from 0 to 1") { $0 >= 0 && $0 <= 1 } }
  /// From 0 to below 1.
  public static var share: Self { Self("be a number from 0 to below 1") { $0 >= 0 && $0 < 1 } }
  public static func within(_ range: ClosedRange<Float>) -> Self {
    Self("be a number from \(text(range.lowerBound)) to \(text(range.upperBound))") { range.contains($0) }
  }
}
