import Foundation
import Runtime
import TestSupport
import Testing

@testable import CLKernels

/// The search itself: that it tries, that it checks all, and that its results are kept.
@Suite("Convolution tuner", .needsOpenCL, .serialized)
struct ConvolutionTunerTests {
  /// A convolution with an output of 16 channels: what the CPU body does with a tile of 16×16.
  private let input = Tensor("input", Shape(4, 12, 12, 16))
  private let output = Tensor("output", Shape(4, 12, 12, 16))
  private let weights = Tensor("weights", Shape(3, 3, 16, 16))
  private let geometry = ConvolutionGeometry(kernel: 3, padding: 1)
  private var forward: ConvolutionForward {
    ConvolutionForward(input: input, weights: weights, bias: nil, output: output, geometry: geometry)
  }
  private var filter: ConvolutionBackwardFilter {
    ConvolutionBackwardFilter(
      input: input, outputGradient: output, weightsGradient: weights, biasGradient: Tensor("bias", Shape(vector: 16)),
      geometry: geometry, accumulate: false)
  }
  private func problem(_ pass: Pass) -> ConvolutionProblem { pass == .forward ? forward.problem : filter.problem }

  /// The kernels in a folder, changed.
  private func folder(_ changes: [(file: String, from: String, to: String)]) throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (name, text) in embeddedKernels {
      var text = text
      for change in changes where change.file == name {
        try #require(text.contains(change.from), "\(name) has no \(change.from)")
        text = text.replacingOccurrences(of: change.from, with: change.to)
      }
      try text.write(toFile: "\(folder.path)/\(name)", atomically: true, encoding: .utf8)
    }
    return folder
  }

  private func tuner(_ sources: KernelSources, store: TuningStore?, reset: Bool = false) throws -> ConvolutionTuner {
    try ConvolutionTuner(device: try TestBackends.openCLDevice(), sources: sources, store: store, reset: reset)
  }

  @Test(
    "Every candidate and neighbour that the guards let pass builds, runs and is right",
    arguments: [Pass.forward, .backwardFilter])
  func candidates(pass: Pass) throws {
    let backend = try CLBackend(device: try TestBackends.openCLDevice(), profiling: true, tuningStore: nil)
    let bench = try TuningBench(problem(pass), on: backend)
    let standard = backend.standardAlgorithm(for: bench.problem)
    let algorithms = ([standard] + backend.candidateAlgorithms(for: bench.problem) + standard.neighbours).filter {
      $0.isUsable(for: bench.problem, on: backend)
    }
    #expect(algorithms.count > 5)
    for algorithm in algorithms {
      do {
        try bench.check(algorithm)
      } catch AlgorithmFault.refused {
        // The driver may know of a limit that the device does not tell.
      } catch {
        Issue.record("\(algorithm): \(error)")
      }
    }
    #expect(try bench.milliseconds(standard, runs: 1) > 0)
  }

  @Test("Where plain loops take too long they check the first and the last elements")
  func ends() throws {
    #expect(forward.problem.ends(multiplyAdds: 1).map(\.result.shape.batch) == [1, 1])
    #expect(filter.problem.ends(multiplyAdds: 1).map(\.outputSide.shape.channels) == [1, 1])
    let backend = try CLBackend(device: try TestBackends.openCLDevice(), profiling: true, tuningStore: nil)
    for problem in [forward.problem, filter.problem] {
      let bench = try TuningBench(problem, on: backend, naiveLimit: problem.multiplyAdds / 2)
      try bench.check(backend.standardAlgorithm(for: bench.problem))
    }
  }

  @Test("Results are kept, merged, used by the next backend, and forgotten on request")
  func keeping() throws {
    let cache = try TemporaryFolder()
    let store = TuningStore(folder: cache.path)
    let device = try TestBackends.openCLDevice()
    let sources = KernelSources(folder: nil)
    // An entry for a shape that is not tuned here must stay.
    var before = Tuning(try #require(TuningIdentity(device, .float32, sources)))
    let small = ConvolutionForward(
      input: Tensor("a", Shape(1, 1, 1, 1)), weights: Tensor("w", Shape(3, 3, 1, 1)), bias: nil,
      output: Tensor("b", Shape(1, 1, 1, 1)), geometry: geometry)
    let entry = Tuning.Entry(
      key: ConvolutionKey(small.problem), algorithm: AnyAlgorithm(Naive()), milliseconds: 1,
      standardMilliseconds: 1)
    before.set(entry, for: entry.key)
    _ = try store.write(before, for: device)

    var seen: [ConvolutionKey] = []
    let report = try tuner(sources, store: store).tune(
      step: [forward, forward], others: [filter], seconds: 20, progress: { seen.append($0.key) })
    #expect(report.rows.count == 2 && report.leftOut == 0 && report.broken.isEmpty)
    #expect(Set(report.rows.map(\.count)) == [2, 0])
    #expect(report.counts.tried > 0 && report.counts.wrong == 0 && report.counts.notBuilt == 0)
    #expect(Set(seen) == Set(report.rows.map(\.key)))
    let choice = try #require(store.choice(for: device, .float32, sources))
    #expect(choice.tuned[entry.key] == entry.algorithm)
    for row in report.rows {
      #expect(choice.tuned[row.key]?.description == (row.isTuned ? row.algorithm : nil))
      #expect(row.milliseconds > 0 && row.milliseconds <= row.standardMilliseconds)
    }
    _ = try tuner(sources, store: store, reset: true).tune(step: [forward], seconds: 0.5)
    #expect(store.choice(for: device, .float32, sources)?.tuned[entry.key] == nil)
  }

  @Test("A stop before the first algorithm changes nothing")
  func stop() throws {
    let cache = try TemporaryFolder()
    let report = try tuner(KernelSources(folder: nil), store: TuningStore(folder: cache.path)).tune(
      step: [forward, filter], seconds: 60, shouldStop: { true })
    #expect(report.rows.isEmpty && report.leftOut == 2)
    #expect(try FileManager.default.contentsOfDirectory(atPath: cache.path).isEmpty)
  }

  /// Kernels that are right with the built-in sizes, wrong with most others, and with some do not build.
  private static let wrongSizes = [
    (
      "convolution_vector.cl", "store_some(results[i][v],",
      "store_some(results[i][v] + (TILE_ROWS * TILE_VECTORS != 16 ? 1.0f : 0.0f),"
    ),
    (
      "convolution_vector.cl", "#define TILE_COLUMNS (16 * TILE_VECTORS)",
      "#define TILE_COLUMNS (16 * TILE_VECTORS)\n#if TILE_ROWS == 12\n#error \"twelve\"\n#endif"
    ),
    (
      "convolution.cl", "store_four(sums[i][j],",
      "store_four(sums[i][j] + (TILE_ROWS * TILE_COLUMNS != 64 * 64 ? 1.0f : 0.0f),"
    ),
    (
      "convolution.cl", "#include \"convolution_tiles.h\"",
      "#include \"convolution_tiles.h\"\n#if TILE_ROWS == 32\n#error \"thirty-two\"\n#endif"
    ),
  ]

  @Test("An algorithm that is wrong or does not build is dropped and counted")
  func wrongAlgorithms() throws {
    let kernels = try folder(Self.wrongSizes)
    let cache = try TemporaryFolder()
    let store = TuningStore(folder: cache.path)
    let sources = KernelSources(folder: kernels.path)
    let device = try TestBackends.openCLDevice()
    let report = try tuner(sources, store: store).tune(step: [forward], seconds: 90)
    #expect(report.broken.isEmpty && report.rows.count == 1)
    #expect(report.counts.wrong > 0 && report.counts.notBuilt > 0)
    // The chosen algorithm is right: it has the built-in tile.
    let backend = try CLBackend(device: device, profiling: true, sources: sources, tuningStore: store)
    let bench = try TuningBench(forward.problem, on: backend)
    try bench.check(backend.algorithm(for: bench.problem).algorithm)
    // And that test can tell: the same with another tile is wrong.
    let vector = VectorData(for: bench.problem)
    for wrong in vector.varying(\.tileRows, [6]) {
      #expect(throws: AlgorithmFault.self) { try bench.check(AnyAlgorithm(wrong)) }
    }
    try bench.check(AnyAlgorithm(vector))
    // Algorithms that were measured with these kernels are not for the real ones.
    _ = try store.write(Tuning(try #require(TuningIdentity(device, .float32, sources))), for: device)
    #expect(store.choice(for: device, .float32, KernelSources(folder: nil)) == nil)
  }

  @Test("Where the built-in algorithm is wrong, that is reported and nothing is tuned")
  func wrongStandard() throws {
    let kernels = try folder([("convolution_naive.cl", "float sum = bias ?", "float sum = k == 15 ? 2.0f : bias ?")])
    let report = try tuner(KernelSources(folder: kernels.path), store: nil).tune(step: [forward], seconds: 5)
    #expect(report.rows.isEmpty && report.counts.tried == 0)
    #expect(report.broken.count == 1 && report.broken[0].contains("plain loops"))
  }
}
