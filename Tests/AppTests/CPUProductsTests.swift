import Foundation
import Runtime
import TestSupport
import Testing

/// `--cpu-products`, from the command line to config.json.
@Suite("Products of the processor")
struct CPUProductsTests {
  private let folder: TemporaryFolder
  private var run: String { folder.path + "/run" }

  init() throws { folder = try TemporaryFolder() }

  /// A library that no machine has.
  private static let missingLibrary = ["RECOLOR_BLAS": "/nowhere/libblas.so"]

  private func train(_ words: String..., environment: [String: String] = [:]) throws -> RecolorProcess.Result {
    let arguments = [
      "train", "unet", "--data", "scenes", "--width", "4", "--train-images", "32", "--validation-images",
    ]
    return try RecolorProcess(
      arguments + ["8", "--batch-size", "8", "--device", "cpu", "--steps", "2"] + words, environment: environment
    ).wait()
  }

  private func resume(_ words: String..., environment: [String: String] = [:]) throws -> RecolorProcess.Result {
    try RecolorProcess(["train", "--resume", run] + words, environment: environment).wait()
  }

  private func configuration() throws -> [String: Any] {
    let data = try Data(contentsOf: URL(filePath: run + "/config.json"))
    return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  private func report(_ arguments: [String], environment: [String: String] = [:]) throws -> [String: Any] {
    let result = try RecolorProcess(arguments + ["--json"], environment: environment).wait()
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    return try #require(try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
  }

  @Test("A run keeps to its products; others beside --resume are noticed", .needsBLAS)
  func keepsToItsProducts() throws {
    let begun = try train("--cpu-products", "blas", "--out", run)
    #expect(begun.exitCode == 0, "\(begun.errorOutput)")
    let tuning = try #require(try configuration()["tuning"] as? String)
    #expect(try configuration()["cpuProducts"] as? String == "blas")

    let resumed = try resume("--steps", "4")
    #expect(resumed.exitCode == 0 && !resumed.errorOutput.contains("otherwise"), "\(resumed.errorOutput)")
    #expect(try configuration()["cpuProducts"] as? String == "blas" && configuration()["tuning"] as? String == tuning)

    let other = try resume("--steps", "6", "--cpu-products", "vector")
    #expect(other.exitCode == 0)
    #expect(
      other.errorLines.filter {
        $0.hasSuffix(
          "convolutions multiplied otherwise when the run was trained last; going on may differ by rounding")
      }.count == 1)
    #expect(try configuration()["cpuProducts"] as? String == "vector" && configuration()["tuning"] == nil)
  }

  @Test("A run by BLAS that finds none says how to go on without", .needsBLAS)
  func missingAtResume() throws {
    #expect(try train("--cpu-products", "blas", "--out", run).exitCode == 0)
    let result = try resume("--steps", "4", environment: Self.missingLibrary)
    #expect(result.exitCode == 1 && result.errorLines.count == 1, "\(result.errorOutput)")
    #expect(result.errorOutput.contains("/nowhere/libblas.so") && result.errorOutput.contains("--cpu-products vector"))
    #expect(try resume("--steps", "4", "--cpu-products", "vector", environment: Self.missingLibrary).exitCode == 0)
  }

  @Test("A machine without BLAS trains, and says what --cpu-products blas lacks")
  func withoutLibrary() throws {
    let baseline = Self.missingLibrary.merging(["RECOLOR_INSTRUCTION_SET": "baseline"]) { $1 }
    let automatic = try train("--out", run, environment: baseline)
    #expect(automatic.exitCode == 0, "\(automatic.errorOutput)")
    #expect(automatic.errorLines.contains { $0.contains("warning: BLAS: ") && $0.contains("/nowhere/libblas.so") })
    #expect(try configuration()["cpuProducts"] as? String == "vector")
    let asked = try train("--cpu-products", "blas", "--out", folder.path + "/other", environment: baseline)
    #expect(asked.exitCode == 1 && asked.errorLines.count == 1, "\(asked.errorOutput)")
    #expect(asked.errorOutput.contains("error: BLAS: ") && asked.errorOutput.contains("/nowhere/libblas.so"))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/other"))
  }

  @Test("check runs convolutions with both", .needsBLAS)
  func check() throws {
    let report = try report(["check", "--device", "cpu", "--size", "smallest", "--filter", "Convolution"])
    let rows = try #require(report["cases"] as? [[String: Any]])
    let forms = Dictionary(grouping: rows) { $0["form"] as? String }
    #expect(Set(forms.keys) == ["vector", "blas"])
    #expect(forms["vector"]?.count == forms["blas"]?.count)
    #expect(rows.allSatisfy { $0["passed"] as? Bool == true })
  }

  @Test("bench --ops times convolutions with both", .needsBLAS, arguments: MatrixProducts.allCases)
  func bench(products: MatrixProducts) throws {
    let report = try report([
      "bench", "unet", "--width", "4", "--batch-size", "3", "--steps", "2", "--warm-up", "0", "--device", "cpu",
      "--ops",
      "--cpu-products", products.rawValue,
    ])
    #expect(report["cpuProducts"] as? String == products.rawValue)
    let operations = try #require(report["operations"] as? [String: Any])
    #expect(operations["otherProducts"] as? String == (products == .blas ? "vector" : "blas"))
    let rows = try #require(operations["rows"] as? [[String: Any]])
    for row in rows {
      let name = try #require(row["operation"] as? String)
      #expect((row["otherMilliseconds"] != nil) == name.hasSuffix("Convolution"), "\(name)")
    }
  }

  @Test("devices says what auto takes")
  func devices() throws {
    let report = try report(["devices"], environment: ["RECOLOR_INSTRUCTION_SET": "baseline"])
    let cpu = try #require(report["cpu"] as? [String: Any])
    let products = try #require(cpu["products"] as? String)
    // Where there is no library, there is nothing to take.
    #expect(products == "vector" || cpu["blas"] != nil)
    let text = try RecolorProcess(["devices"], environment: ["RECOLOR_INSTRUCTION_SET": "baseline"]).wait().output
    #expect(text.contains("--cpu-products auto takes \(products).") && text.contains("baseline vectors"))
  }
}
