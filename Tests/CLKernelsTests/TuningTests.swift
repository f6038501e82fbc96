import Foundation
import Runtime
import TestSupport
import Testing

@testable import CLKernels

/// The files of `recolor tune`, and their use by backends.
@Suite("Tuning", .needsOpenCL)
struct TuningTests {
  /// A convolution of 3×3, its gradients, and a transposed one, without memory.
  private var problems: [ConvolutionProblem] {
    let input = Tensor("input", Shape(3, 9, 7, 16))
    let output = Tensor("output", Shape(3, 9, 7, 16))
    let weights = Tensor("weights", Shape(3, 3, 16, 16))
    let bias = Tensor("bias", Shape(vector: 16))
    let geometry = ConvolutionGeometry(kernel: 3, padding: 1)
    let upsampled = Tensor("upsampled", Shape(3, 18, 14, 16))
    let operations: [any ConvolutionOperation] = [
      ConvolutionForward(input: input, weights: weights, bias: bias, output: output, geometry: geometry),
      ConvolutionBackwardData(outputGradient: output, weights: weights, inputGradient: input, geometry: geometry),
      ConvolutionBackwardFilter(
        input: input, outputGradient: output, weightsGradient: weights, biasGradient: bias, geometry: geometry),
      TransposedConvolutionForward(
        input: input, weights: weights, bias: bias, output: upsampled,
        geometry: ConvolutionGeometry(kernel: 3, stride: 2, padding: 1)),
    ]
    return operations.map(\.problem)
  }
  private var forward: ConvolutionProblem { problems[0] }

  private func tuning(_ sources: KernelSources = KernelSources(folder: nil)) throws -> Tuning {
    Tuning(try #require(TuningIdentity(try TestBackends.openCLDevice(), .float32, sources)))
  }

  /// A tuning that says plain loops for the forward pass.
  private func naiveTuning() throws -> Tuning {
    var tuning = try tuning()
    let entry = Tuning.Entry(
      key: ConvolutionKey(forward), algorithm: AnyAlgorithm(Naive()), milliseconds: 1, standardMilliseconds: 2)
    tuning.set(entry, for: entry.key)
    return tuning
  }

  /// A backend that is opened with a folder of tuning files.
  private func backend(_ folder: TemporaryFolder, profiling: Bool = false) throws -> CLBackend {
    try CLBackend(
      device: try TestBackends.openCLDevice(), profiling: profiling, sources: KernelSources(folder: nil),
      tuningStore: TuningStore(folder: folder.path))
  }

  // MARK: Files

  @Test("A flag that is omitted where it is false comes back from a file", arguments: [false, true])
  func omittedWhenFalse(isSet: Bool) throws {
    let backend = try CLBackend(device: try TestBackends.openCLDevice(), tuningStore: nil)
    let standard = try #require(problems.lazy.compactMap { WinogradVectorData(for: $0, .float32, on: backend) }.first)
    var algorithm = standard
    algorithm.inputFirst = isSet
    let encoded = try JSONEncoder().encode(algorithm)
    let keys = try #require(JSONSerialization.jsonObject(with: encoded) as? [String: Any]).keys
    #expect(keys.contains("inputFirst") == isSet)
    #expect(try JSONDecoder().decode(WinogradVectorData.self, from: encoded) == algorithm)
  }

  @Test("Algorithms and keys come back from a file as they were")
  func roundTrip() throws {
    let folder = try TemporaryFolder()
    let store = TuningStore(folder: folder.path + "/new/folder")
    let device = try TestBackends.openCLDevice()
    let backend = try CLBackend(device: device, tuningStore: nil)
    var count = 0
    for kind in AlgorithmKind.allCases {
      var tuning = try tuning()
      for problem in problems {
        guard let algorithm = AnyAlgorithm(kind, for: problem, on: backend) else { continue }
        let key = ConvolutionKey(problem)
        tuning.set(
          Tuning.Entry(key: key, algorithm: algorithm, milliseconds: 0.25, standardMilliseconds: 1), for: key)
      }
      _ = try store.write(tuning, for: device)
      let choice = try #require(store.choice(for: device, .float32, KernelSources(folder: nil)))
      #expect(choice.tuned == tuning.choice.tuned, "\(kind)")
      count += choice.tuned.count
    }
    #expect(count >= 3 * problems.count)
    // Nothing but the file is left behind.
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.folder).count == 1)
  }

  /// A file that `recolor tune` wrote before algorithms had their present names, with entries of every kind.
  @Test("An older program's file is read, and written again it is the same")
  func olderFile() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "OldFiles/tuning.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    let tuning = try JSONDecoder().decode(Tuning.self, from: Data(text.utf8))
    let algorithms = tuning.entries.map { "\($0.key.pass) \($0.algorithm)" }
    for expected in [
      "forward tiled 128×64×16 by 16×16", "backwardData winograd 128×64×16 by 16×16, 1024 at a time",
      "forward tf32 128×64×16 by 2×2 warps, 3 asynchronous stages, 2 splits, position-major",
      "backwardData bf16x3 128×64×16 by 2×2 warps", "forward naive", "backwardData vector 6×64",
      "forward winograd-vector 16×16 of 16×16, 64 channels, weights first",
      "backwardFilter tiled 128×64×16 by 16×16, 8 splits",
      "backwardFilter winograd 128×64×16 by 16×16, 1024 at a time, 2 splits",
      "backwardFilter tf32 128×64×16 by 2×2 warps, 3 asynchronous stages, 4 splits", "backwardFilter naive",
      "backwardFilter vector 8×32 of 64×64, 64 pixels, 16 splits",
      "backwardFilter winograd-vector 4×16 of 64×64, 16 tiles, 16 splits",
    ] {
      #expect(algorithms.contains(expected), "\(expected)")
    }
    #expect(String(decoding: try TuningStore.encoded(tuning), as: UTF8.self) == text)
  }

  @Test("A new entry takes an old one's place, and nothing better than the built-in algorithm takes it away")
  func replacement() throws {
    var tuning = try naiveTuning()
    let better = Tuning.Entry(
      key: ConvolutionKey(forward), algorithm: AnyAlgorithm(VectorData(for: forward)), milliseconds: 0.5,
      standardMilliseconds: 2)
    tuning.set(better, for: better.key)
    #expect(tuning.entries == [better])
    tuning.set(nil, for: better.key)
    #expect(tuning.entries.isEmpty)
  }

  /// A change of a file's text.
  struct Damage: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let change: @Sendable (String) -> String

    init(_ name: String, _ change: @escaping @Sendable (String) -> String) {
      (testDescription, self.change) = (name, change)
    }

    init(_ name: String, _ text: String, _ other: String) {
      self.init(name) { $0.replacingOccurrences(of: text, with: other) }
    }
  }

  private static let damages = [
    Damage("empty") { _ in "" },
    Damage("cut off") { String($0.prefix($0.count / 2)) },
    Damage("no JSON") { _ in "\u{0}\u{1}tuned" },
    Damage("an unknown algorithm", "\"naive\"", "\"magic\""),
    Damage("a size that is not a number", "\"batch\" : 3", "\"batch\" : \"3\""),
    Damage("another format", "\"format\" : 1", "\"format\" : 999"),
    Damage("another device", "\"device\" : \"", "\"device\" : \"not "),
    Damage("another driver", "\"driverVersion\" : \"", "\"driverVersion\" : \"9."),
    Damage("another precision", "\"fp32\"", "\"tf32\""),
    Damage("other kernels", "\"kernels\" : \"", "\"kernels\" : \"0"),
  ]

  @Test("A damaged or foreign file is ignored", arguments: damages)
  func damagedFile(_ damage: Damage) throws {
    let folder = try TemporaryFolder()
    let store = TuningStore(folder: folder.path)
    let tuning = try naiveTuning()
    let path = try store.write(tuning, for: try TestBackends.openCLDevice())
    #expect(try !backend(folder).algorithms.tuned.isEmpty)
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try #require(damage.change(text) != text)
    try damage.change(text).write(toFile: path, atomically: true, encoding: .utf8)
    #expect(try backend(folder).algorithms.tuned.isEmpty)
    // It can be written anew.
    _ = try store.write(tuning, for: try TestBackends.openCLDevice())
    #expect(try !backend(folder).algorithms.tuned.isEmpty)
  }

  @Test("A folder in the file's place, or a folder that is none, is ignored")
  func noFile() throws {
    let folder = try TemporaryFolder()
    let store = TuningStore(folder: folder.path)
    let path = try #require(store.path(for: try TestBackends.openCLDevice(), .float32))
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    #expect(try backend(folder).algorithms.tuned.isEmpty)
    #expect(store.tuning(for: try TestBackends.openCLDevice(), try tuning().identity).entries.isEmpty)
    #expect(throws: (any Error).self) { _ = try store.write(naiveTuning(), for: TestBackends.openCLDevice()) }
  }

  @Test("RECOLOR_CACHE says where the files are, and that there are none")
  func environment() {
    #expect(TuningStore.standard(environment: ["RECOLOR_CACHE": "/a"])?.folder == "/a/tuning")
    #expect(TuningStore.standard(environment: ["RECOLOR_CACHE": "", "HOME": "/h"]) == nil)
    #expect(TuningStore.standard(environment: ["HOME": "/h"])?.folder == "/h/.cache/recolor/tuning")
  }

  // MARK: Use

  @Test("A tuned algorithm is the one that runs, for its key and no other")
  func use() throws {
    let folder = try TemporaryFolder()
    _ = try TuningStore(folder: folder.path).write(naiveTuning(), for: try TestBackends.openCLDevice())
    let backend = try backend(folder, profiling: true)
    #expect(backend.tuning == nil)
    let problem = try TuningBench(forward, on: backend).problem
    let planned = backend.plan(problem)
    #expect(planned.workspaceByteCount == 0 && backend.tuning != nil)
    try planned.bind().run()
    try backend.synchronize()
    #expect(backend.takeTimings().map(\.kernel) == ["convolution_naive_to_map"])
    #expect(!backend.algorithm(for: problems[1]).isTuned)
    // Other bodies were not measured.
    let other = try CLBackend(
      device: backend.device, bodies: backend.bodies, tuningStore: TuningStore(folder: folder.path))
    #expect(other.algorithms.tuned.isEmpty)
  }

  @Test("Parameters that the kernels' guards refuse are not used")
  func unusable() throws {
    let device = try TestBackends.openCLDevice()
    let (tiled, vector) = (TiledData(for: forward), VectorData(for: forward))
    let filter = VectorFilter(for: problems[2])
    let unusable: [(ConvolutionProblem, [any ConvolutionAlgorithm])] = [
      (forward, tiled.varying(\.tiles.depth, [12]) + tiled.varying(\.splits, [0])),
      (forward, tiled.varying(\.tiles.groupRows, [-8]) + vector.varying(\.tileRows, [1000])),
      (problems[2], filter.varying(\.blockRows, [40]) + filter.varying(\.blockPixels, [1 << 40])),
    ]
    for (problem, algorithms) in unusable {
      for algorithm in algorithms {
        var choice = AlgorithmChoice()
        choice.tuned[ConvolutionKey(problem)] = AnyAlgorithm(algorithm)
        let backend = try CLBackend(device: device, algorithms: choice)
        #expect(!backend.algorithm(for: problem).isTuned, "\(algorithm)")
        _ = backend.plan(problem)
        #expect(backend.tuning == nil)
      }
    }
  }
}
