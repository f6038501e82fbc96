import Foundation
import TestSupport
import Testing

@testable import App

/// `recolor check`: the order of its results, its report, its exit codes.
@Suite("Check")
struct CheckTests {
  /// The part of `--json` that the tests read.
  private struct Report: Decodable {
    struct Case: Decodable {
      let operation: String
      let form: String?
      let error: Double?
      let tolerance: Double
      let passed: Bool
    }

    let passed: Int
    let failed: Int
    let cases: [Case]
  }

  private func report(_ arguments: String..., environment: [String: String] = [:]) throws -> (Report, Int32) {
    let result = try RecolorProcess(["check", "--json"] + arguments, environment: environment).wait()
    return (try JSONDecoder().decode(Report.self, from: Data(result.output.utf8)), result.exitCode)
  }

  @Test("The worst cases come first")
  func order() throws {
    let (report, code) = try report("--device", "cpu", "--size", "smallest", "--filter", "Convolution")
    #expect(code == 0 && report.failed == 0 && report.passed == report.cases.count && report.passed > 10)
    let shares = report.cases.map { $0.tolerance > 0 ? ($0.error ?? 0) / $0.tolerance : 0 }
    #expect(shares == shares.sorted(by: >) && shares[0] > 0)
    let text = try RecolorProcess.run("check", "--device", "cpu", "--size", "smallest", "--filter", "Convolution", "-q")
    #expect(text.output.contains("All \(report.passed) cases pass on cpu") && text.errorOutput.isEmpty)
    // A heading, the worst, and how many are left out.
    #expect(text.output.contains("and \(report.passed - 20) cases that are closer; --verbose lists them"))
    let whole = try RecolorProcess.run(
      "check", "--device", "cpu", "--size", "smallest", "--filter", "Convolution", "-v")
    #expect(whole.output.split(separator: "\n").count { $0.contains("Convolution") } == report.passed)
  }

  @Test("The report is a new file with the device, the command and every case")
  func page() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/check.md"
    let arguments = ["check", "--device", "cpu", "--size", "smallest", "--filter", "Upsampling", "--report", path]
    let result = try RecolorProcess(arguments).wait()
    #expect(result.exitCode == 0)
    let page = try String(contentsOfFile: path, encoding: .utf8)
    #expect(page.hasPrefix("# Check of the kernels on cpu\n\nAll 8 cases pass"))
    #expect(page.split(separator: "\n").count { $0.hasPrefix("| Upsampling") } == 8)
    for word in ["| device | ", "| date | 20", "| passed | 8 |", "| failed | 0 |", "--filter Upsampling"] {
      #expect(page.contains(word), "\(word)")
    }
    let again = try RecolorProcess(arguments).wait()
    #expect(again.exitCode == 1 && again.output.isEmpty && again.errorLines.count == 1)
    #expect(again.errorOutput.contains("check.md") && again.errorOutput.contains("--report"))
    #expect(try String(contentsOfFile: path, encoding: .utf8) == page)
  }

  @Test("A missing BLAS is remarked where convolutions are checked, and nowhere else")
  func missingBLAS() throws {
    for (filter, lineCount) in [("Convolution", 1), ("MaxPooling", 0)] {
      let result = try RecolorProcess(
        ["check", "--device", "cpu", "--size", "smallest", "--filter", filter],
        environment: ["RECOLOR_BLAS": "/nowhere/libblas.so"]
      ).wait()
      #expect(result.exitCode == 0)
      let lines = result.errorLines.filter { $0.contains("/nowhere/libblas.so") }
      #expect(lines.count == lineCount, "\(filter): \(result.errorOutput)")
    }
  }

  @Test("Nothing in a cell of a page is markup")
  func markdown() {
    #expect(MarkdownTable.text(["a", ""], [["x|y", "*1*"]]) == "| a |  |\n|---|---|\n| x\\|y | \\*1\\* |")
  }

  @Test("A device runs what it would use and the plain loops; with --all, every form", .needsOpenCL)
  func forms() throws {
    func forms(_ arguments: String...) throws -> Set<String> {
      let all = ["check", "--json", "--device", "opencl", "--size", "smallest", "--filter", "Convolution"] + arguments
      let result = try RecolorProcess(all).wait()
      #expect(result.exitCode == 0, "\(result.errorOutput)")
      return Set(try JSONDecoder().decode(Report.self, from: Data(result.output.utf8)).cases.compactMap(\.form))
    }
    let usual = try forms(), all = try forms("--all")
    #expect(usual.contains("naive") && usual.isSubset(of: all))
    #expect(usual.contains("vector") != usual.contains("tiled"))
    #expect(all.isSuperset(of: ["naive", "vector", "tiled", "winograd", "tf32", "bf16x3"]))
  }

  @Test("A case that fails comes first, with its failure, and is the command's", .needsOpenCL)
  func failure() throws {
    let folder = try TemporaryFolder()
    let kernels = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../kernels").path
    for name in try FileManager.default.contentsOfDirectory(atPath: kernels) {
      try FileManager.default.copyItem(atPath: kernels + "/" + name, toPath: folder.path + "/" + name)
    }
    let file = folder.path + "/fill.cl"
    let source = try String(contentsOfFile: file, encoding: .utf8)
    try #require(source.contains("= value;"))
    try source.replacingOccurrences(of: "= value;", with: "= value + 1.0f;")
      .write(toFile: file, atomically: true, encoding: .utf8)
    let environment = ["RECOLOR_KERNELS": folder.path]
    let arguments = ["check", "--device", "opencl", "--size", "smallest", "--filter", "Fill"]
    let result = try RecolorProcess(arguments, environment: environment).wait()
    #expect(result.exitCode == 1)
    let lines = result.output.split(separator: "\n")
    #expect(lines.dropFirst(2).first?.contains("FAILED") == true && lines.last?.contains("FAILED on opencl") == true)
  }

  @Test("The line of a compilation says which program of how many, and the time left")
  func compilationLine() {
    func line(_ done: Int, _ seconds: Double) -> String {
      CompilationDisplay.line(done: done, total: 37, secondsLeft: seconds)
    }
    #expect(line(0, .infinity) == "compiling kernels: program 1 of 37")
    #expect(line(11, 75) == "compiling kernels: program 12 of 37  1:15 min left")
  }
}
