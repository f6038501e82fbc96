import Foundation
import TestSupport
import Testing

@Suite("bench")
struct BenchTests {
  /// Returns the report of a short run.
  private func report(_ options: String...) throws -> [String: Any] {
    let arguments =
      ["bench", "gan", "--width", "4", "--batch-size", "3", "--steps", "4", "--warm-up", "0", "--json"] + options
    let result = try RecolorProcess(arguments).wait()
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
  }

  private func number(_ key: String, in report: [String: Any]) throws -> Double {
    try #require(report[key] as? Double, "\(key)")
  }

  @Test("Reports are consistent")
  func reportsAreConsistent() throws {
    let report = try report("--device", "cpu")
    #expect(report["operations"] == nil)
    #expect(try number("peakMemoryBytes", in: report) > 1e6)
    #expect(try number("firstStepMilliseconds", in: report) > 0)
    for work in ["training", "inference"] {
      let throughput = try #require(report[work] as? [String: Any])
      let ascending = try ["fastestStep", "lowerQuartile", "step", "upperQuartile", "slowestStep"].map {
        try number($0 + "Milliseconds", in: throughput)
      }
      #expect(ascending == ascending.sorted() && ascending[0] > 0)
      let images = try number("imagesPerSecond", in: throughput) * ascending[2] / 1000
      #expect(abs(images - 3) < 1e-6)
    }
    let training = try #require(report["training"] as? [String: Any])
    #expect(try number("imagesPerSecond", in: report) == number("imagesPerSecond", in: training))
  }

  @Test("A batch of several replicas in one process")
  func replicas() throws {
    let report = try report("--device", "cpu", "--batch-size", "4", "--replicas", "4")
    #expect(try number("replicas", in: report) == 4)
    #expect(report["ranks"] == nil)
    for (options, message) in [(["--replicas", "3"], "power of two"), (["--replicas", "4"], "no 4 equal parts")] {
      let result = try RecolorProcess(["bench", "unet", "--width", "4", "--batch-size", "6"] + options).wait()
      #expect(result.exitCode != 0 && result.errorLines.count == 1, "\(result.errorOutput)")
      #expect(result.errorOutput.contains(message), "\(result.errorOutput)")
    }
  }

  @Test("Operations add up", arguments: TestBackends.hasOpenCL ? ["cpu", "opencl"] : ["cpu"])
  func operationsAddUp(device: String) throws {
    let report = try report("--device", device, "--ops")
    let operations = try #require(report["operations"] as? [String: Any])
    // Bounds that only a wrong unit exceeds.
    #expect(try (1...1e6).contains(number("productPeakGigaflopsPerSecond", in: operations)))
    #expect(try (0.1...1e5).contains(number("copyPeakGigabytesPerSecond", in: operations)))
    let rows = try #require(operations["rows"] as? [[String: Any]])
    let shares = try rows.map { try number("share", in: $0) }
    #expect(abs(shares.reduce(0, +) - 1) < 1e-9)
    #expect(shares == shares.sorted(by: >))
    let names = Set(rows.compactMap { $0["operation"] as? String })
    #expect(names.isSuperset(of: ["Convolution", "BatchNormalization", "Adam", "PixelwiseLoss", "BinaryCrossEntropy"]))
    for row in rows {
      let part = try number("gigaflopsPerSecond", in: row) / number("productPeakGigaflopsPerSecond", in: operations)
      #expect(try abs(part - number("partOfProductPeak", in: row)) < 1e-9)
    }
    let limits = try rows.map { try number("limitMilliseconds", in: $0) }
    #expect(limits.allSatisfy { $0 > 0 })
    #expect(try abs(limits.reduce(0, +) - number("limitMilliseconds", in: operations)) < 1e-9)
    let reached = try number("limitMilliseconds", in: operations) / number("milliseconds", in: operations)
    #expect(try abs(reached - number("partOfLimit", in: operations)) < 1e-9)
  }

  /// A row of the page's picture.
  private struct Bar {
    let name: String
    let milliseconds: Double
    /// Those of its parts, from the texts at the pointer.
    let parts: [Double]
  }

  private func bars(of page: String) throws -> [Bar] {
    try page.matches(
      of: #/<tr><th scope="row">([^<]*)<\/th><td class="bar"><svg[^>]*aria-label="([^"]*)">.*?<\/td><td>([0-9.]+)</#
    ).map { match in
      let parts = match.output.2.matches(of: #/: ([0-9.]+) ms, limit/#).compactMap { Double($0.output.1) }
      return Bar(
        name: String(match.output.1), milliseconds: try #require(Double(match.output.3)), parts: parts)
    }
  }

  /// Returns the cells of a table's rows.
  private func cells(_ table: Substring) -> [[String]] {
    table.matches(of: #/<tr>(.*?)<\/tr>/#).map { row in
      row.output.1.matches(of: #/<t[hd][^>]*>([^<]*)</#).map { String($0.output.1) }
    }
  }

  @Test("The page's figures are the report's, and add up")
  func page() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/step.html"
    let report = try report("--device", "cpu", "--ops", "--report", path)
    let operations = try #require(report["operations"] as? [String: Any])
    let total = try number("milliseconds", in: operations)
    let layers = try #require(operations["layers"] as? [[String: Any]])
    let work = try layers.flatMap { try #require($0["work"] as? [[String: Any]]) }
    let sums = try ["milliseconds", "limitMilliseconds", "count"].map { key in
      try work.reduce(0) { $0 + (try number(key, in: $1)) }
    }
    #expect(try abs(sums[0] - total) < 1e-9 && abs(sums[1] - number("limitMilliseconds", in: operations)) < 1e-9)
    let rows = try #require(operations["rows"] as? [[String: Any]])
    #expect(try sums[2] == rows.reduce(0) { $0 + (try number("count", in: $1)) })

    let page = try String(contentsOfFile: path, encoding: .utf8)
    let bars = try bars(of: page)
    // Generator, three passes of the discriminator; batch, four losses, two updates.
    #expect(bars.count == 23 + 3 * 5 + 7)
    #expect(bars.first?.name == "encoding_unit1.0" && bars.last?.name == "Adam, generator")
    for bar in bars { #expect(abs(bar.parts.reduce(0, +) - bar.milliseconds) < 0.01, "\(bar)") }
    #expect(abs(bars.reduce(0) { $0 + $1.parts.reduce(0, +) } - total) < 0.0005 * Double(work.count) + 1e-6)

    let sections = page.components(separatedBy: "<section id=")
    let kinds = try cells(#require(sections.first { $0.hasPrefix("\"kinds\"") })[...])
    let counts = kinds.dropFirst().compactMap { Double($0[2]) }
    #expect(counts.last == sums[2] && counts.dropLast().reduce(0, +) == sums[2])
    #expect(kinds.contains { $0[0] == "Convolution" && $0[1] == "weight gradient" })
    let all = try cells(#require(sections.first { $0.hasPrefix("\"operations\"") })[...])
    #expect(all.count == rows.count + 1)
    let column = try #require(all[0].firstIndex(of: "layers"))
    #expect(all.dropFirst().contains { $0[column].contains("generator: encoding_unit1.0") })
    #expect(all.dropFirst().contains { $0[column].contains("discriminator judge: unit1.0") })
    // It says what was measured, where and when.
    let words = [
      "<dt>model</dt><dd>gan</dd>", "<dt>batch</dt><dd>3 images</dd>", "<dd>32×32</dd>", "<dt>threads</dt>",
      "<dt>instruction set</dt>", "<dt>date</dt>", "recolor bench gan --width 4",
    ]
    for word in words { #expect(page.contains(word), "\(word)") }
    #expect(!page.contains("nan ") && !page.contains("inf "))
  }

  @Test("A report is a new HTML file of the operations")
  func reportFile() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/step.html"
    try "mine".write(toFile: path, atomically: true, encoding: .utf8)
    func refusal(_ options: String...) throws -> String {
      let result = try RecolorProcess(["bench", "unet", "--width", "2", "--device", "cpu"] + options).wait()
      #expect(result.exitCode != 0 && result.output.isEmpty && result.errorLines.count == 1, "\(result.errorOutput)")
      return result.errorOutput
    }
    #expect(try refusal("--report", folder.path + "/new.html").contains("add --ops"))
    #expect(try refusal("--ops", "--report", folder.path + "/new.md").contains("give it a name in .html"))
    #expect(try refusal("--ops", "--report", path).contains("it is there already"))
    #expect(try refusal("--ops", "--report", folder.path + "/no/step.html").contains("there is no folder"))
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["step.html"])
  }
}
