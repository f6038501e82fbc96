import ArgumentParser
import FoundationEssentials

/// The flag `--json` of the commands that report.
struct ReportOptions: ParsableArguments {
  @Flag(help: "Print the report as JSON.")
  var json = false
}

/// The format of reports with `--json`.
enum JSONReport {
  /// Returns a value as JSON with sorted keys. Infinities and NaN become the strings `inf`, `-inf` and `nan`.
  /// Characters of names that would act on a terminal are written out.
  static func text(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return String(decoding: try encoder.encode(value), as: UTF8.self).printableJSON
  }
}
