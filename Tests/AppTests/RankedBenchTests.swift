import Foundation
import TestSupport
import Testing

/// `recolor bench` under mpirun.
@Suite("Benchmarks under mpirun", .needsMPI)
struct RankedBenchTests {
  @Test("A benchmark of ranks is that of their step", .timeLimit(.minutes(5)))
  func bench() throws {
    struct Report: Decodable {
      struct Rank: Decodable {
        let threads: Int
        let waitingPart: Double
      }
      struct Operations: Decodable {
        struct Row: Decodable { let operation: String }
        let rows: [Row]
      }
      let batchSize: Int
      let replicas: Int
      let imagesPerSecond: Double
      let stepMilliseconds: Double
      let ranks: [Rank]
      let operations: Operations
    }
    let options = ["bench", "gan", "--width", "2", "--batch-size", "8", "--steps", "2", "--device", "cpu"]
    let threads = ["RECOLOR_THREADS": "2"]
    let folder = try TemporaryFolder()
    let page = folder.path + "/step.html"
    let result = try RecolorProcess(
      options + ["--ops", "--json", "--report", page], ranks: 2, environment: threads
    ).wait()
    #expect(result.exitCode == 0, "\(result.errorOutput)")
    let report = try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
    #expect(report.batchSize == 8 && report.replicas == 2)
    #expect(abs(report.imagesPerSecond * report.stepMilliseconds / 1000 - 8) < 1e-6)
    #expect(report.ranks.count == 2)
    #expect(report.ranks.allSatisfy { $0.threads == 1 && (0...1).contains($0.waitingPart) && $0.waitingPart > 0 })
    #expect(Set(report.operations.rows.map(\.operation)).isSuperset(of: ["RankSumStart", "RankSumEnd", "Convolution"]))
    let written = try String(contentsOfFile: page, encoding: .utf8)
    #expect(written.contains("in 2 replicas on 2 ranks") && written.contains("sums over replicas, generator"))
    let again = try RecolorProcess(options + ["--ops", "--report", page], ranks: 2, environment: threads).wait()
    #expect(again.exitCode == 1 && again.ownErrors.count == 1, "\(again.errorOutput)")
    let text = try RecolorProcess(options + ["--replicas", "4"], ranks: 2, environment: threads).wait().output
    #expect(text.contains("in 4 replicas on 2 ranks of 1 thread\n") && text.contains("waiting for messages"), "\(text)")
    let refused = try RecolorProcess(options + ["--replicas", "1"], ranks: 2).wait()
    #expect(refused.exitCode == 1 && refused.ownErrors.count == 1, "\(refused.errorOutput)")
  }

  @Test("Ranks divide the memory of their machine", .timeLimit(.minutes(5)))
  func memory() throws {
    // One process takes less than this; each of two takes more than half of it.
    let memory = ["RECOLOR_MEMORY": "28MiB"]
    let options = ["bench", "unet", "--width", "8", "--batch-size", "16", "--steps", "1", "--device", "cpu"]
    #expect(try RecolorProcess(options, ranks: 1, environment: memory).wait().exitCode == 0)
    let result = try RecolorProcess(options, ranks: 2, environment: memory).wait()
    #expect(result.exitCode == 1 && result.errorOutput.contains("no room"), "\(result.errorOutput)")
  }
}
