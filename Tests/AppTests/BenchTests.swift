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
    for (options, message) in [(["--replicas", "3"], "power of two"), (["--replicas", "4"], "does not divide")] {
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
}
