import Foundation
import TestSupport
import Testing

/// The command on devices with the limits of small GPUs (Tests/LimitedOpenCL).
@Suite("Limited devices", .needsOpenCL)
struct LimitedDeviceTests {
  /// Less than PoCL has, of everything.
  private static let everything =
    "type=4 group=64 items=64x64x1 local=16384 allocation=1048576 memory=33554432 alignment=4096 images=0 doubles=0"

  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Trains for two steps.
  private func train(_ name: String, device: String, environment: [String: String] = [:]) throws
    -> RecolorProcess.Result
  {
    try RecolorProcess(
      [
        "train", "unet", "--data", "scenes", "--out", "\(folder.path)/\(name)", "--device", device, "--width", "4",
        "--batch-size", "4", "--train-images", "8", "--validation-images", "4", "--epochs", "1", "--seed", "1",
      ], environment: environment
    ).wait()
  }

  /// Returns the training error of a run's first epoch and the error of its validation.
  private func errors(_ name: String) throws -> [Double] {
    let text = try String(contentsOfFile: "\(folder.path)/\(name)/metrics.csv", encoding: .utf8)
    let lines = text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    let columns = try #require(lines.first)
    let row = try #require(lines.dropFirst().first)
    return try ["mse", "validation_mse"].map { column in
      let place = try #require(columns.firstIndex { $0 == column })
      return try #require(Double(row[place]))
    }
  }

  @Test("A GPU with little of everything trains, and as the CPU does")
  func trains() throws {
    let limited = try train(
      "limited", device: "auto", environment: LimitedOpenCL.environment(Self.everything, in: folder))
    #expect(limited.exitCode == 0, "\(limited.errorOutput)")
    #expect(try train("cpu", device: "cpu").exitCode == 0)
    for (found, expected) in zip(try errors("limited"), try errors("cpu")) {
      #expect(abs(found - expected) < 1e-3 * expected, "\(found) instead of \(expected)")
    }
  }

  @Test("Allocations too small for a training are refused in one line, and leave no run")
  func tooSmall() throws {
    let result = try train(
      "refused", device: "opencl", environment: LimitedOpenCL.environment("type=4 allocation=65536", in: folder))
    #expect(result.exitCode == 1 && result.errorLines.count == 1, "\(result.errorOutput)")
    #expect(result.errorOutput.contains("64 KiB"), "\(result.errorOutput)")
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/refused"))
  }

  @Test("devices tells the limits")
  func devices() throws {
    let result = try RecolorProcess(
      ["devices", "--json"], environment: LimitedOpenCL.environment(Self.everything, in: folder)
    ).wait()
    struct Report: Decodable {
      struct Device: Decodable {
        let maximumAllocationBytes: Int
        let localMemoryBytes: Int
        let maximumWorkGroupSize: Int
      }
      let opencl: [Device]
      let automatic: String
    }
    let report = try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
    let device = try #require(report.opencl.first)
    #expect(device.maximumAllocationBytes == 1 << 20 && device.localMemoryBytes == 16 << 10)
    #expect(device.maximumWorkGroupSize == 64 && report.automatic == "opencl:0.0")
  }
}
