import CLKernels
import Foundation
import Runtime
import TestSupport
import Testing

@Suite("OpenCL backend", .needsOpenCL)
struct CLBackendTests {
  private func makeTensor(_ name: String, _ shape: Shape, _ type: ElementType = .float32, on backend: CLBackend) throws
    -> Tensor
  {
    let tensor = Tensor(name, shape, type)
    tensor.storage.memory = try backend.allocate(byteCount: tensor.storage.byteCount)
    return tensor
  }

  /// Returns the message of the error that `body` throws; nil for none.
  private func message(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch { return "\(error)" }
  }

  @Test("CPU devices get the bodies for CPUs unless `bodies` is given")
  func bodies() throws {
    let device = try TestBackends.openCLDevice()
    #expect(try CLBackend(device: device).bodies == (device.kind == .cpu ? .cpu : .gpu))
    #expect(try CLBackend(device: device, bodies: .gpu).bodies == .gpu)
  }

  @Test("Memory of another backend is refused by the tensor's name")
  func foreignMemory() throws {
    let device = try TestBackends.openCLDevice()
    let tensor = try makeTensor("strange", Shape(vector: 4), on: CLBackend(device: device))
    let other = try CLBackend(device: device)
    let text = message { _ = try other.launch(Fill(output: tensor, value: 1)) }
    #expect(text?.contains("strange") == true && text?.contains("another device") == true)
  }

  @Test("A tensor without memory, or with too little, is refused by its name")
  func missingMemory() throws {
    let backend = try CLBackend(device: try TestBackends.openCLDevice())
    let tensor = Tensor("unplaced", Shape(vector: 100))
    #expect(message { _ = try backend.launch(Fill(output: tensor, value: 1)) }?.contains("unplaced") == true)
    tensor.storage.memory = try backend.allocate(byteCount: 396)
    #expect(message { _ = try backend.launch(Fill(output: tensor, value: 1)) }?.contains("396") == true)
  }

  @Test("A convolution of too many pixels can be planned, and is refused when it is bound")
  func tooManyPixels() throws {
    let backend = try CLBackend(device: try TestBackends.openCLDevice())
    // 2^30 pixels, whose memory is not needed.
    let image = Tensor("image", Shape(64, 4096, 4096, 1)), map = Tensor("map", Shape(64, 4096, 4096, 1))
    let weights = Tensor("weights", Shape(3, 3, 1, 1)), bias = Tensor("bias", Shape(vector: 1))
    let geometry = ConvolutionGeometry(kernel: 3, padding: 1)
    let operations: [any Runtime.Operation] = [
      ConvolutionForward(input: image, weights: weights, bias: bias, output: map, geometry: geometry),
      ConvolutionBackwardFilter(
        input: image, outputGradient: map, weightsGradient: weights, biasGradient: bias, geometry: geometry),
    ]
    for operation in operations {
      let planned = try operation.plan(on: backend)
      let byteCount = planned.workspaceByteCount
      // The gradient of the bias needs a workspace on every device.
      #expect(byteCount > 0 || operation.pass == .forward)
      let workspace = try backend.allocate(byteCount: max(byteCount, 4))
      let text = message { _ = try planned.bind(workspace: workspace) }
      let read = operation.pass == .forward ? "image" : "map"
      #expect(text?.contains("1073741824 pixels of \(read) are too many") == true)
    }
  }

  @Test("A region that starts between two alignments is refused")
  func misalignedRegion() throws {
    let backend = try CLBackend(device: try TestBackends.openCLDevice())
    let memory = try backend.allocate(byteCount: 4 * backend.regionAlignment)
    _ = try backend.region(of: memory, byteOffset: backend.regionAlignment, byteCount: 8)
    #expect(throws: BackendError.self) { try backend.region(of: memory, byteOffset: 4, byteCount: 8) }
  }

  @Test("A batch that runs past the indices is refused at the launch, before the device reads them")
  func gatherPastTheEnd() throws {
    let backend = try CLBackend(device: try TestBackends.openCLDevice())
    let images = try makeTensor("images", Shape(3, 2, 2, 3), .uint8, on: backend)
    let indices = try makeTensor("indices", Shape(vector: 3), .uint32, on: backend)
    for (tensor, byteCount) in [(images, 36), (indices, 12)] {
      let memory = try #require(tensor.storage.memory)
      try [UInt8](repeating: 0, count: byteCount).withUnsafeBytes { try backend.upload($0, to: memory, byteOffset: 0) }
    }
    let first = Variable(1)
    let gather = try backend.launch(
      BatchGather(
        images: images, indices: indices, first: first, color: try makeTensor("color", Shape(2, 2, 2, 3), on: backend),
        gray: try makeTensor("gray", Shape(2, 2, 2, 1), on: backend), encoding: .rgb(scale: 1, shift: 0)))
    try gather.run()
    try backend.synchronize()
    for outside in [2, -1] {
      first.value = outside
      #expect(throws: BackendError.self) { try gather.run() }
    }
  }

  @Test("RECOLOR_KERNELS: a file that is not there is named, an edited one is used")
  func kernelFolder() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "kernels-\(UUID())").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let sources = KernelSources.standard(environment: ["RECOLOR_KERNELS": folder])
    let backend = try CLBackend(device: try TestBackends.openCLDevice(), sources: sources, cache: nil)
    let tensor = try makeTensor("tensor", Shape(vector: 4), on: backend)
    #expect(
      message { try backend.launch(Fill(output: tensor, value: 1)).run() }?.contains("\(folder)/fill.cl") == true)

    try sourceThatDoubles.write(toFile: "\(folder)/fill.cl", atomically: true, encoding: .utf8)
    try backend.launch(Fill(output: tensor, value: 3)).run()
    var values = [Float](repeating: 0, count: 4)
    let memory = try #require(tensor.storage.memory)
    try values.withUnsafeMutableBytes { try backend.download(memory, byteOffset: 0, into: $0) }
    #expect(values == [6, 6, 6, 6])
  }

  private let sourceThatDoubles = """
    kernel void fill(global float *output, ulong offset, ulong stride, ulong channels, ulong pixels, float value) {
      if (get_global_id(0) < channels) output[offset + get_global_id(0)] = 2.0f * value;
    }
    """

  @Test("Included files are put in place once, and lines keep their numbers")
  func includes() throws {
    let text = try KernelSources(folder: nil).text(of: "activation.cl")
    #expect(text.hasPrefix("#line 1 \"activation.cl\""))
    #expect(text.contains("#line 1 \"common.h\"") && !text.contains("#include"))
  }

  @Test("A profiling backend records one time per kernel")
  func timings() throws {
    let backend = try CLBackend(device: try TestBackends.openCLDevice(), profiling: true)
    let launch = try backend.launch(Fill(output: try makeTensor("t", Shape(vector: 1000), on: backend), value: 1))
    try launch.run()
    try launch.run()
    let timings = backend.takeTimings()
    #expect(timings.map(\.kernel) == ["fill", "fill"])
    for timing in timings {
      let times = try timing.event.times()
      #expect(times.ended >= times.started)
    }
    #expect(backend.takeTimings().isEmpty)
  }
}
