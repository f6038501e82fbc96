import Glibc

/// Text of numbers and of other values in messages and tables, the same in every locale.
enum Format {
  /// Returns a number with `digits` decimals: `22.60`.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    text("%.*f", [Int32(clamping: digits), value])
  }

  /// Returns a part of a whole, 0...1, in per cent with `digits` decimals: `18.6 %`.
  static func percent(_ part: Double, _ digits: Int) -> String { fixed(100 * part, digits) + " %" }

  /// Returns a number with two significant digits and an exponent: `4.1e-06`.
  static func scientific(_ value: Double) -> String { text("%.1e", [value]) }

  /// Returns a number with `digits` significant digits: `0.00512`.
  static func significant(_ value: Double, _ digits: Int) -> String {
    text("%.*g", [Int32(clamping: digits), value])
  }

  /// Returns a rate with at least three significant digits: `1,043`, `87.3`.
  static func rate(_ value: Double) -> String {
    value >= 100 && value < 1e15 ? count(Int(value.rounded())) : significant(value, 3)
  }

  /// Returns a count with its digits in groups of three: `34,524,099`.
  static func count(_ value: Int) -> String {
    let digits = Array(String(value.magnitude))
    var groups = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index).isMultiple(of: 3) { groups.append(",") }
      groups.append(digit)
    }
    return value < 0 ? "-" + groups : groups
  }

  /// Returns a count and its noun, in the singular or the plural: `1 step`, `625 steps`.
  static func counted(_ value: Int, _ noun: String) -> String { "\(count(value)) \(noun)\(value == 1 ? "" : "s")" }

  /// Returns a number of bytes in binary units: `13.4 GiB`.
  static func bytes(_ count: Int) -> String {
    var value = Double(count)
    for unit in ["bytes", "KiB", "MiB"] {
      if value < 1024 { return (unit == "bytes" ? String(count) : fixed(value, 1)) + " " + unit }
      value /= 1024
    }
    return fixed(value, 1) + " GiB"
  }

  /// Returns a duration: `8 s`, `3:20 min`, `1:05:00 h`.
  static func duration(seconds: Double) -> String {
    guard seconds.isFinite, seconds >= 0 else { return "?" }
    let total = Int(min(seconds, 1e9).rounded())
    func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
    if total < 60 { return "\(total) s" }
    if total < 3600 { return "\(total / 60):\(twoDigits(total % 60)) min" }
    return "\(total / 3600):\(twoDigits(total / 60 % 60)):\(twoDigits(total % 60)) h"
  }

  /// Returns a duration with no more digits than an estimate has: `35 s`, `12 min`, `1 h 25 min`, `14 h`, `3 days`.
  static func roughDuration(seconds: Double) -> String {
    func rounded(_ value: Double, to unit: Int) -> Int { Int((value / Double(unit)).rounded()) * unit }
    let seconds = min(seconds, 1e12)
    let minutes = seconds / 60
    if rounded(seconds, to: 5) < 60 { return "\(max(rounded(seconds, to: 5), 5)) s" }
    if rounded(minutes, to: 1) < 30 { return "\(rounded(minutes, to: 1)) min" }
    let roundedMinutes = rounded(minutes, to: 5)
    if roundedMinutes < 60 { return "\(roundedMinutes) min" }
    if roundedMinutes < 600 {
      return "\(roundedMinutes / 60) h" + (roundedMinutes % 60 == 0 ? "" : " \(roundedMinutes % 60) min")
    }
    let hours = rounded(minutes / 60, to: 1)
    return hours < 72 ? "\(hours) h" : "\(rounded(minutes / 60 / 24, to: 1)) days"
  }

  /// Returns words as a list: `a, b and c`.
  static func list(_ words: [String], _ conjunction: String) -> String {
    guard let last = words.last, words.count > 1 else { return words.joined() }
    return "\(words.dropLast().joined(separator: ", ")) \(conjunction) \(last)"
  }

  /// Returns text as one word of a shell's command line, in quotes where it needs them.
  static func shellWord(_ text: String) -> String {
    let plain = text.allSatisfy { $0.isLetter || $0.isNumber || "/._-+=:,@%~".contains($0) }
    if plain, !text.isEmpty { return text }
    if text.printable != text { return text.printableShellWord }
    return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  private static func text(_ format: String, _ arguments: [any CVarArg]) -> String {
    // The largest double has 309 digits before its point.
    var buffer = [CChar](repeating: 0, count: 400)
    _ = withVaList(arguments) { vsnprintf(&buffer, buffer.count, format, $0) }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
