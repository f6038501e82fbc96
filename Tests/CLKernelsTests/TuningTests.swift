import Foundation
import Runtime
import TestSupport
import Testing

@testable import CLKernels

/// What `recolor tune` finds, keeps, and what backends make of it.
@Suite("Tuning", .enabled(if: TestDevice.isAvailable, TestDevice.skipReason))
struct TuningTests {
  /// A convolution of 3×3, its gradients, and a transposed one, without memory.
  private var operations: [any Runtime.Operation] {
    let input = Tensor("input", Shape(3, 9, 7, 16))
    let output = Tensor("output", Shape(3, 9, 7, 16))
    let weights = Tensor("weights", Shape(3, 3, 16, 16))
    let bias = Tensor("bias", Shape(vector: 16))
    let geometry = ConvolutionGeometry(kernel: 3, padding: 1)
    let upsampled = Tensor("upsampled", Shape(3, 18, 14, 16))
    return [
      ConvolutionForward(input: input, weights: weights, bias: bias, output: output, geometry: geometry),
      ConvolutionBackwardData(outputGradient: output, weights: weights, inputGradient: input, geometry: geometry),
      ConvolutionBackwardFilter(
        input: input, outputGradient: output, weightsGradient: weights, biasGradient: bias, geometry: geometry,
        accumulate: false),
      TransposedConvolutionForward(
        input: input, weights: weights, bias: bias, output: upsampled,
        geometry: ConvolutionGeometry(kernel: 3, stride: 2, padding: 1)),
    ]
  }

  private var keys: [ConvolutionKey] { operations.compactMap(ConvolutionWork.init).map(\.key) }

  private func tuning(_ sources: KernelSources = KernelSources(folder: nil)) throws -> Tuning {
    Tuning(try #require(TuningIdentity(try TestDevice.device(), .float32, sources)))
  }

  private func gather(_ operation: any Runtime.Operation) throws -> ConvolutionGather {
    guard case .gather(let gather) = ConvolutionWork(operation) else { throw NotAGather() }
    return gather
  }
  private struct NotAGather: Error {}

  /// A tuning that says plain loops for the forward pass.
  private func naiveTuning() throws -> Tuning {
    var tuning = try tuning()
    let entry = Tuning.Entry(
      key: keys[0], method: GatherMethod.naive(sizes: NaiveGather()), milliseconds: 1, standardMilliseconds: 2)
    tuning.set(entry, for: entry.key)
    return tuning
  }

  /// A backend that is opened with a folder of tuning files.
  private func backend(_ folder: TemporaryFolder, profiling: Bool = false) throws -> CLBackend {
    try CLBackend(
      device: try TestDevice.device(), profiling: profiling, sources: KernelSources(folder: nil),
      tuning: TuningStore(folder: folder.path))
  }

  // MARK: Files

  @Test("Methods and keys come back from a file as they were")
  func roundTrip() throws {
    let folder = try TemporaryFolder()
    let store = TuningStore(folder: folder.path + "/new/folder")
    let device = try TestDevice.device()
    let backend = try CLBackend(device: device, tuning: nil)
    var tuning = try tuning()
    var methods = 0
    for work in operations.compactMap(ConvolutionWork.init) {
      switch work {
      case .gather(let gather):
        for family in MethodFamily.allCases {
          guard let method = GatherMethod.standard(family, for: gather, on: backend) else { continue }
          let other = Tensor("other", Shape(methods + 1, 9, 7, 16))
          let key = ConvolutionKey(
            operation: gather.operation, pass: gather.pass, geometry: gather.geometry, input: other,
            output: gather.output, hasBias: true)
          tuning.set(Tuning.Entry(key: key, method: method, milliseconds: 0.25, standardMilliseconds: 1), for: key)
          methods += 1
        }
      case .filter(let filter):
        for family in MethodFamily.allCases {
          guard let method = FilterMethod.standard(family, for: filter, on: backend) else { continue }
          let key = ConvolutionKey(
            operation: filter.operation, pass: .backwardFilter, geometry: filter.geometry,
            input: Tensor("other", Shape(methods + 1, 9, 7, 16)), output: filter.columns, hasBias: false)
          tuning.set(Tuning.Entry(key: key, method: method, milliseconds: 0.25, standardMilliseconds: 1), for: key)
          methods += 1
        }
      }
    }
    #expect(tuning.gathers.count + tuning.filters.count == methods)
    #expect(methods >= 3 * operations.count)
    _ = try store.write(tuning, for: device)
    #expect(store.tuning(for: device, tuning.identity) == tuning)
    let choice = try #require(store.choice(for: device, .float32, KernelSources(folder: nil)))
    #expect(choice.gathers.count == tuning.gathers.count && choice.filters.count == tuning.filters.count)
    // Nothing but the file is left behind.
    #expect(try FileManager.default.contentsOfDirectory(atPath: store.folder).count == 1)
  }

  @Test("A new entry takes an old one's place, and nothing better than the built-in method takes it away")
  func replacement() throws {
    var tuning = try naiveTuning()
    let key = keys[0]
    let better = Tuning.Entry(
      key: key, method: GatherMethod.vector(sizes: VectorGather(for: try gather(operations[0]))),
      milliseconds: 0.5, standardMilliseconds: 2)
    tuning.set(better, for: key)
    #expect(tuning.gathers == [better])
    tuning.set(nil as Tuning.Entry<GatherMethod>?, for: key)
    #expect(tuning.gathers.isEmpty)
  }

  /// Ways to spoil a file, by what becomes of its text.
  private static let spoilt: [(name: String, change: @Sendable (String) -> String)] = [
    ("empty", { _ in "" }),
    ("cut off", { String($0.prefix($0.count / 2)) }),
    ("no JSON", { _ in "\u{0}\u{1}tuned" }),
    ("an unknown method", { $0.replacingOccurrences(of: "\"naive\"", with: "\"magic\"") }),
    ("a size that is no number", { $0.replacingOccurrences(of: "\"batch\" : 3", with: "\"batch\" : \"3\"") }),
    ("another format", { $0.replacingOccurrences(of: "\"format\" : 1", with: "\"format\" : 999") }),
    ("another device", { $0.replacingOccurrences(of: "\"device\" : \"", with: "\"device\" : \"not ") }),
    ("another driver", { $0.replacingOccurrences(of: "\"driverVersion\" : \"", with: "\"driverVersion\" : \"9.") }),
    ("another precision", { $0.replacingOccurrences(of: "\"fp32\"", with: "\"tf32\"") }),
    ("other kernels", { $0.replacingOccurrences(of: "\"kernels\" : \"", with: "\"kernels\" : \"0") }),
  ]

  @Test("A damaged or foreign file is as good as none", arguments: spoilt.map(\.name))
  func spoiltFile(name: String) throws {
    let folder = try TemporaryFolder()
    let store = TuningStore(folder: folder.path)
    let tuning = try naiveTuning()
    let path = try store.write(tuning, for: try TestDevice.device())
    #expect(try backend(folder).methods.gathers.count == 1)
    let change = try #require(Self.spoilt.first { $0.name == name }).change
    let text = try String(contentsOfFile: path, encoding: .utf8)
    try #require(change(text) != text)
    try change(text).write(toFile: path, atomically: true, encoding: .utf8)
    let opened = try backend(folder)
    #expect(opened.methods.gathers.isEmpty && opened.methods.filters.isEmpty)
    // It can be written anew.
    _ = try store.write(tuning, for: try TestDevice.device())
    #expect(try backend(folder).methods.gathers.count == 1)
  }

  @Test("A folder in the file's place, or a folder that is none, is as good as none")
  func noFile() throws {
    let folder = try TemporaryFolder()
    let store = TuningStore(folder: folder.path)
    let path = try #require(store.path(for: try TestDevice.device(), .float32))
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    #expect(try backend(folder).methods.gathers.isEmpty)
    #expect(store.tuning(for: try TestDevice.device(), try tuning().identity).gathers.isEmpty)
    #expect(throws: (any Error).self) { _ = try store.write(naiveTuning(), for: TestDevice.device()) }
  }

  @Test("RECOLOR_CACHE says where the files are, and that there are none")
  func environment() {
    #expect(TuningStore.standard(environment: ["RECOLOR_CACHE": "/a"])?.folder == "/a/tuning")
    #expect(TuningStore.standard(environment: ["RECOLOR_CACHE": "", "HOME": "/h"]) == nil)
    #expect(TuningStore.standard(environment: ["HOME": "/h"])?.folder == "/h/.cache/recolor/tuning")
  }

  // MARK: Use

  @Test("A tuned method is the one that runs, for its key and no other")
  func use() throws {
    let folder = try TemporaryFolder()
    _ = try TuningStore(folder: folder.path).write(naiveTuning(), for: try TestDevice.device())
    let backend = try backend(folder, profiling: true)
    #expect(backend.tuning == nil)
    let forward = try gather(operations[0])
    #expect(forward.workspaceByteCount(on: backend) == 0)
    let bench = try TuningBench(forward, on: backend)
    try bench.sum.prepare(on: backend, workspace: nil).run()
    try backend.synchronize()
    #expect(backend.takeTimings().map(\.kernel) == ["convolution_naive_to_map"])
    #expect(backend.tuning != nil)
    #expect(backend.methodFamily(of: operations[1]) != .naive)
    // Other bodies were not measured.
    let bodies = backend.bodies
    let other = try CLBackend(
      device: backend.device, bodies: bodies, tuning: TuningStore(folder: folder.path))
    #expect(other.methods.gathers.isEmpty)
  }

  @Test("Sizes that the kernels' guards refuse are not used")
  func unusable() throws {
    let device = try TestDevice.device()
    let forward = try gather(operations[0])
    var tiled = TiledGather(for: forward)
    tiled.tiles.depth = 12
    var vector = VectorGather(for: forward)
    vector.tileRows = 1000
    var split = TiledGather(for: forward)
    split.splits = 0
    var negative = TiledGather(for: forward)
    negative.tiles.groupRows = -8
    for method in [
      GatherMethod.tiled(sizes: tiled), .vector(sizes: vector), .tiled(sizes: split), .tiled(sizes: negative),
    ] {
      var choice = MethodChoice()
      choice.gathers[forward.key] = method
      let backend = try CLBackend(device: device, methods: choice)
      #expect(backend.method(for: forward) == backend.standardMethod(for: forward))
      #expect(backend.tuning == nil)
    }
    guard case .filter(let filter) = ConvolutionWork(operations[2]) else { throw NotAGather() }
    var block = VectorFilter(for: filter)
    block.blockRows = 40
    var wide = VectorFilter(for: filter)
    wide.blockPixels = 1 << 40
    for sizes in [block, wide] {
      var choice = MethodChoice()
      choice.filters[filter.key] = .vector(sizes: sizes)
      let backend = try CLBackend(device: device, methods: choice)
      #expect(backend.method(for: filter) == backend.standardMethod(for: filter))
    }
  }
}
