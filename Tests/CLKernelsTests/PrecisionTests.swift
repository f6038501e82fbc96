import Foundation
import Runtime
import TestSupport
import Testing

@testable import CLKernels

/// Tensor cores: when they are used, and that they are not where they compute anything else than they should. Where the
/// device has none they are emulated.
@Suite("Precision", .needsOpenCL)
struct PrecisionTests {
  /// A backend that may run the kernels for GPUs, on kernel files of which one is changed.
  private func backend(
    replacing text: String = "", with other: String = "", in file: String = "tensor_core.h",
    cache: CLProgramCache? = nil
  ) throws -> CLBackend {
    let folder = FileManager.default.temporaryDirectory.appending(path: "kernels-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    for (name, source) in embeddedKernels {
      if name == file { try #require(text.isEmpty || source.contains(text)) }
      let changed = name == file ? source.replacingOccurrences(of: text, with: other) : source
      try changed.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
    }
    return try CLBackend(
      device: TestBackends.openCLDevice(), bodies: .gpu, sources: KernelSources(folder: folder), cache: cache)
  }

  @Test("The probe lets kernels pass that are right", arguments: [Precision.tensorFloat32, .splitBFloat16])
  func probe(precision: Precision) throws {
    #expect(try backend().tensorCoreFault(precision) == nil)
  }

  /// A change of a kernel file, and what the probe says of it.
  struct Fault: CustomTestStringConvertible, Sendable {
    let precision: Precision
    let file: String
    let text: String
    let other: String
    let says: String

    init(_ precision: Precision, _ file: String, _ text: String, _ other: String, says: String = "wrong sums") {
      (self.precision, self.file, self.text, self.other, self.says) = (precision, file, text, other, says)
    }

    var testDescription: String { "\(file): \(text)" }
  }

  /// Places where a driver might go wrong: fragments' layout, rounding, the tile's layout, the terms that are added up.
  static let faults = [
    Fault(.splitBFloat16, "tensor_core.h", "(first & 0xffffu) | second << 16", "(first & 0xffffu)"),
    Fault(.splitBFloat16, "tensor_core.h", "value - as_float(high)", "0.0f"),
    Fault(.tensorFloat32, "tensor_core.h", "2 * (lane % 4) + e % 2", "2 * (lane % 4) + e / 2"),
    Fault(.tensorFloat32, "tensor_core.h", "4 * i + e / 2, 2, k", "4 * i + e / 2, 1, k"),
    Fault(.tensorFloat32, "tensor_core.h", "0xffffe000u", "0xff000000u"),
    Fault(.tensorFloat32, "tensor_tiles.h", "(term & 3) << 2 | (term >> 2 & 3)", "(term & 15)"),
    Fault(.tensorFloat32, "convolution_tensor_filter.cl", "pixel.high < batch", "pixel.high + 1 < batch"),
    Fault(
      .tensorFloat32, "tensor_core.h", "uint tf32_word(float value) {",
      "uint tf32_word(float value) { no such thing;", says: "clBuildProgram"),
  ]

  @Test("The probe finds kernels that are wrong, or cannot be built", arguments: faults)
  func fault(_ fault: Fault) throws {
    let backend = try backend(replacing: fault.text, with: fault.other, in: fault.file)
    let found = try #require(backend.tensorCoreFault(fault.precision))
    #expect(found.contains(fault.says) && !found.contains("\n"), "\(found)")
  }

  @Test("Tiles with asynchronous copies are right too", arguments: [Precision.tensorFloat32, .splitBFloat16])
  func candidates(precision: Precision) throws {
    let backend = try backend()
    // A few of them: emulated lanes are slow.
    let asynchronous = TensorTiles.candidates(precision).filter { $0.asynchronousStages > 0 }
    #expect(!asynchronous.isEmpty)
    for tiles in asynchronous.prefix(precision == .tensorFloat32 ? 2 : 1) {
      let probes = CLBackend.probes().filter {
        tiles.fit($0.target, on: backend.device, vectorWidth: $0.vectorWidth)
      }
      #expect(!probes.isEmpty, "\(tiles)")
      for probe in probes { #expect(try backend.fault(of: probe, tiles) == nil, "\(tiles)") }
    }
  }

  @Test("A verdict is kept for the same kernels, and for no others")
  func verdict() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "cache-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let cache = CLProgramCache(folder: folder)
    func answers() -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] }
    let first = try backend(cache: cache)
    #expect(first.tensorCoreFault(.tensorFloat32) == nil)
    #expect(!answers().isEmpty)
    for name in answers() where (try Data(contentsOf: URL(filePath: "\(folder)/\(name)"))).count > 100 {
      try FileManager.default.removeItem(atPath: "\(folder)/\(name)")
    }
    let left = answers()
    #expect(left.count == 1)
    #expect(try backend(cache: cache).tensorCoreFault(.tensorFloat32) == nil)
    #expect(answers() == left)
    let wrong = try backend(replacing: "0xffffe000u", with: "0xff000000u", cache: cache)
    #expect(wrong.tensorCoreFault(.tensorFloat32) != nil)
  }

  @Test(
    "Requests of a device without tensor cores",
    .enabled(if: !((try? TestBackends.openCLDevice())?.hasTensorCores ?? false), "the device has tensor cores"))
  func resolution() throws {
    let device = try TestBackends.openCLDevice()
    #expect(try CLBackend(device: device).precision == .float32)
    #expect(try CLBackend(device: device, precision: nil).precision == .float32)
    for precision in [Precision.tensorFloat32, .splitBFloat16] {
      let error = #expect(throws: BackendError.self) { try CLBackend(device: device, precision: precision) }
      let text = try #require(error?.description)
      for part in [device.name, precision.rawValue, "use --precision fp32"] { #expect(text.contains(part)) }
      #expect(!text.contains("\n"))
    }
  }

  @Test(
    "Only convolutions with enough channels, in runs of four, take tensor cores",
    arguments: [(64, 64, true), (1, 64, false), (64, 3, false), (66, 64, false)])
  func preference(input: Int, output: Int, isPreferred: Bool) {
    let forward = ConvolutionForward(
      input: Tensor("input", Shape(64, 32, 32, input)), weights: Tensor("weights", Shape(3, 3, input, output)),
      bias: nil, output: Tensor("output", Shape(64, 32, 32, output)),
      geometry: ConvolutionGeometry(kernel: 3, padding: 1))
    #expect(TensorData.isPreferred(for: forward.problem) == isPreferred)
  }

  @Test("Tensor cores are used in their own precision alone", arguments: Precision.allCases)
  func competing(precision: Precision) {
    let others = AlgorithmKind.competing(.gpu, precision).filter { $0.precision != nil }
    #expect(others.map(\.precision) == (precision == .float32 ? [] : [precision]))
    #expect(AlgorithmKind.competing(.cpu, precision).allSatisfy { $0.precision == nil })
  }

  @Test(
    "A large convolution takes tensor cores in the backend's precision, and plain tiles in float",
    arguments: [Precision.tensorFloat32, .splitBFloat16])
  func choice(precision: Precision) throws {
    let image = Tensor("image", Shape(64, 32, 32, 64)), map = Tensor("map", Shape(64, 32, 32, 64))
    let weights = Tensor("weights", Shape(3, 3, 64, 64)), geometry = ConvolutionGeometry(kernel: 3, padding: 1)
    let backend = try backend()
    let problems = [
      ConvolutionForward(input: image, weights: weights, bias: nil, output: map, geometry: geometry).problem,
      ConvolutionBackwardFilter(
        input: image, outputGradient: map, weightsGradient: weights, biasGradient: nil, geometry: geometry
      ).problem,
    ]
    for problem in problems { #expect(backend.standardAlgorithm(for: problem).parameters.kind == .tiled) }
    backend.precision = precision
    for problem in problems { #expect(backend.standardAlgorithm(for: problem).parameters.kind.precision == precision) }
  }

  @Test("All tiles to choose from are ones that the kernels can be built with", arguments: [1, 4])
  func tiles(vectorWidth: Int) throws {
    let device = try TestBackends.openCLDevice()
    for tiles in TensorTiles.standard(.tensorFloat32) {
      for target in [ConvolutionProblem.Target.map, .weights] {
        #expect(tiles.fit(target, on: device, vectorWidth: vectorWidth), "\(tiles)")
      }
    }
  }
}
