import Glibc

/// Numbers as people read them, the same in every locale.
enum Format {
  /// With `digits` decimals: `22.60`.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    text("%.*f", [Int32(clamping: digits), value])
  }

  /// With two significant digits and an exponent: `4.1e-06`.
  static func scientific(_ value: Double) -> String { text("%.1e", [value]) }

  /// With `digits` significant digits: `0.00512`.
  static func significant(_ value: Double, _ digits: Int) -> String {
    text("%.*g", [Int32(clamping: digits), value])
  }

  /// A speed, with as many digits as are worth reading: `1,043`, `87.3`.
  static func rate(_ value: Double) -> String {
    value >= 100 && value < 1e15 ? count(Int(value.rounded())) : significant(value, 3)
  }

  /// In groups of three: `34,524,099`.
  static func count(_ value: Int) -> String {
    let digits = Array(String(value.magnitude))
    var groups = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { groups.append(",") }
      groups.append(digit)
    }
    return value < 0 ? "-" + groups : groups
  }

  /// With the noun in its number: `1 step`, `625 steps`.
  static func counted(_ value: Int, _ noun: String) -> String { "\(count(value)) \(noun)\(value == 1 ? "" : "s")" }

  /// In binary units: `13.4 GiB`.
  static func bytes(_ count: Int) -> String {
    var value = Double(count)
    for unit in ["bytes", "KiB", "MiB"] {
      if value < 1024 { return (unit == "bytes" ? String(count) : fixed(value, 1)) + " " + unit }
      value /= 1024
    }
    return fixed(value, 1) + " GiB"
  }

  /// `8 s`, `3:20 min`, `1:05:00 h`.
  static func duration(seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0 else { return "?" }
    let total = Int(min(seconds, 1e9).rounded())
    func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    if total < 60 { return "\(total) s" }
    if total < 3600 { return "\(total / 60):\(twoDigits(total % 60)) min" }
    return "\(total / 3600):\(twoDigits(total / 60 % 60)):\(twoDigits(total % 60)) h"
  }

  private static func text(_ format: String, _ arguments: [any CVarArg]) -> String {
    // The longest double has 309 digits before its point.
    var buffer = [CChar](repeating: 0, count: 400)
    _ = withVaList(arguments) { vsnprintf(&buffer, buffer.count, format, $0) }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
