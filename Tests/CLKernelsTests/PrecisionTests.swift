import Foundation
import Runtime
import Testing

@testable import CLKernels

/// Tensor cores: when they are used, and that they are not where they compute anything else than they should. Where the device
/// has none they are emulated.
@Suite("Precision", .enabled(if: TestDevice.isAvailable, TestDevice.skipReason))
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
      device: TestDevice.device(), bodies: .gpu, sources: KernelSources(folder: folder), cache: cache)
  }

  @Test("The probe lets kernels pass that are right", arguments: [Precision.tensorFloat32, .splitBFloat16])
  func probe(precision: Precision) throws {
    #expect(try backend().tensorCoreFault(precision) == nil)
  }

  /// Each where a driver might go wrong: fragments' layout, rounding, the tile's layout, what is added up.
  static let faults: [(file: String, text: String, other: String, says: String)] = [
    ("tensor_core.h", "(first & 0xffffu) | second << 16", "(first & 0xffffu)", "wrong sums"),
    ("tensor_core.h", "value - as_float(high)", "0.0f", "wrong sums"),
    ("tensor_core.h", "2 * (lane % 4) + e % 2", "2 * (lane % 4) + e / 2", "wrong sums"),
    ("tensor_core.h", "4 * i + e / 2, 2, k", "4 * i + e / 2, 1, k", "wrong sums"),
    ("tensor_core.h", "0xffffe000u", "0xff000000u", "wrong sums"),
    ("tensor_tiles.h", "(term & 3) << 2 | (term >> 2 & 3)", "(term & 15)", "wrong sums"),
    ("convolution_tensor_filter.cl", "pixel.high < batch", "pixel.high + 1 < batch", "wrong sums"),
    (
      "tensor_core.h", "uint tf32_word(float value) {", "uint tf32_word(float value) { no such thing;", "clBuildProgram"
    ),
  ]

  @Test("The probe finds kernels that are wrong, or cannot be built", arguments: 0..<faults.count)
  func fault(index: Int) throws {
    let fault = Self.faults[index]
    let backend = try backend(replacing: fault.text, with: fault.other, in: fault.file)
    // The first two are in what only bf16x3 has.
    let found = try #require(backend.tensorCoreFault(index < 2 ? .splitBFloat16 : .tensorFloat32))
    #expect(found.contains(fault.says) && !found.contains("\n"), "\(found)")
  }

  @Test(
    "Tiles whose copies are under way meanwhile are right too",
    arguments: [Precision.tensorFloat32, .splitBFloat16])
  func candidates(precision: Precision) throws {
    let backend = try backend()
    var tried = 0
    // A few of them: emulated lanes are slow.
    let asynchronous = TensorTiles.candidates(precision).filter { $0.asynchronousStages > 0 }
    for tiles in asynchronous.prefix(precision == .tensorFloat32 ? 2 : 1) {
      for probe in CLBackend.probes() {
        let isUsable =
          switch probe {
          case .gather(let gather):
            tiles.isUsable(.gather, [gather.input, gather.weights, gather.output], on: backend.device)
          case .filter(let filter): tiles.isUsable(.filter, [filter.rows, filter.columns], on: backend.device)
          }
        guard isUsable else { continue }
        #expect(try backend.fault(of: probe, tiles) == nil, "\(tiles)")
        tried += 1
      }
    }
    #expect(tried > 1)
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
    "What a device without tensor cores is asked for",
    .enabled(if: !((try? TestDevice.device())?.hasTensorCores ?? false), "the device has tensor cores"))
  func resolution() throws {
    let device = try TestDevice.device()
    #expect(try CLBackend(device: device).precision == .float32)
    #expect(try CLBackend(device: device, precision: nil).precision == .float32)
    for precision in [Precision.tensorFloat32, .splitBFloat16] {
      let error = #expect(throws: BackendError.self) { try CLBackend(device: device, precision: precision) }
      let text = try #require(error?.description)
      for part in [device.name, precision.rawValue, "use --precision fp32"] { #expect(text.contains(part)) }
      #expect(!text.contains("\n"))
    }
  }

  @Test("Only convolutions that are large enough take tensor cores, and only in this precision")
  func choice() throws {
    let backend = try backend()
    func operation(_ input: Int, _ output: Int) -> ConvolutionForward {
      ConvolutionForward(
        input: Tensor("input", Shape(64, 32, 32, input)), weights: Tensor("weights", Shape(3, 3, input, output)),
        bias: nil, output: Tensor("output", Shape(64, 32, 32, output)),
        geometry: ConvolutionGeometry(kernel: 3, padding: 1))
    }
    #expect(backend.methodFamily(of: operation(64, 64)) == .tiled)
    for (precision, family) in [
      (Precision.tensorFloat32, MethodFamily.tensorFloat32), (.splitBFloat16, .splitBFloat16),
    ] {
      backend.precision = precision
      #expect(backend.methodFamily(of: operation(64, 64)) == family)
      #expect(backend.methodFamily(of: operation(1, 64)) == .tiled)
      #expect(backend.methodFamily(of: operation(64, 3)) == .tiled)
      #expect(backend.methodFamily(of: operation(66, 64)) == .tiled)
    }
  }

  @Test("All tiles to choose from are ones that the kernels can be built with", arguments: [1, 4])
  func tiles(vector: Int) throws {
    let device = try TestDevice.device()
    let tensor = Tensor("tensor", Shape(1, 1, 1, vector))
    for tiles in TensorTiles.standard(.tensorFloat32) {
      for kernel in [TensorTiles.Kernel.gather, .filter] {
        #expect(tiles.isUsable(kernel, [tensor], on: device), "\(tiles)")
      }
    }
  }
}
