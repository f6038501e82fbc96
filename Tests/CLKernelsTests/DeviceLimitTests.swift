import KernelCases
import Runtime
import TestSupport
import Testing

@testable import CLKernels

/// Devices with less than PoCL's: small work-groups, little local memory, small buffers, no images, no fp64.
@MainActor
@Suite("Device limits", .needsOpenCL)
struct DeviceLimitTests {
  /// Limits of work-groups, among them those of a device that allows several work-items along one direction alone.
  nonisolated static let groups = ["group=64", "group=16", "group=2", "group=64 items=64x1x1"]

  /// The first of the smallest cases of operations whose kernels share work among a group's work-items, and of one
  /// whose kernels do not.
  nonisolated static let cases = {
    let names = ["Convolution", "BatchNormalization", "PixelwiseLoss", "SpectralNormalization", "MaxPooling"]
    var seen = Set<String>()
    return KernelCases.all(.smallest).filter { kernelCase in
      names.contains(kernelCase.name) && seen.insert("\(kernelCase.name) \(kernelCase.pass)").inserted
    }
  }()

  @Test("The library answers the limits, and its device refuses what is beyond them")
  func refusals() throws {
    let device = try LimitedOpenCL.device(
      "group=64 items=64x8x1 local=16384 allocation=65536 memory=262144 alignment=4096 images=0 doubles=0 type=4")
    #expect(device.kind == .gpu && device.maximumWorkGroupSize == 64 && device.maximumWorkItems == [64, 8, 1])
    #expect(device.localMemoryByteCount == 16384 && device.baseAddressAlignment == 512)
    #expect(device.maximumAllocationByteCount == 65536 && device.globalMemoryByteCount == 262144)
    #expect(!device.extensions.contains("cl_khr_fp64"))

    #expect(device.identity.pciAddress == nil)

    let context = try CLContext(device: device)
    let queue = try CLQueue(context: context)
    let memory = try CLMemory(context: context, byteCount: 4096)
    #expect(
      status { _ = try CLMemory(regionOf: memory, byteOffset: 256, byteCount: 4) } == "CL_MISALIGNED_SUB_BUFFER_OFFSET")
    _ = try CLMemory(regionOf: memory, byteOffset: 512, byteCount: 4)
    #expect(throws: BackendError.self) { try CLMemory(context: context, byteCount: 65537) }

    let program = try CLProgram("one.cl", source: "kernel void one(global int *a) { a[0] = 1; }", context: context)
    let kernel = try CLKernel("one", in: program)
    try kernel.setArgument(0, memory)
    #expect(try kernel.maximumWorkGroupSize == 64)
    for (group, expected) in [
      ((64, 1, 1), nil), ((16, 4, 1), nil), ((128, 1, 1), "CL_INVALID_WORK_ITEM_SIZE"),
      ((1, 16, 1), "CL_INVALID_WORK_ITEM_SIZE"), ((16, 8, 1), "CL_INVALID_WORK_GROUP_SIZE"),
    ] as [((Int, Int, Int), String?)] {
      #expect(status { try queue.enqueue(kernel, over: CLRange(groups: (1, 1, 1), local: group)) } == expected)
    }
    for source in [
      "kernel void a(global float *x) { x[0] = (double)x[0]; }", "kernel void a(read_only image2d_t x) {}",
      "kernel __attribute__((reqd_work_group_size(128, 1, 1))) void a(global float *x) { x[0] = 1; }",
      "kernel void a(global float *x) { local float y[5000]; y[get_local_id(0)] = x[0]; barrier(1); x[0] = y[0]; }",
    ] {
      let found = status { _ = try CLProgram("a.cl", source: source, context: context) }
      #expect(found == "CL_BUILD_PROGRAM_FAILURE", "\(source)")
    }
  }

  @Test("Drivers tell one device from another")
  func identities() throws {
    let devices = try ["pci=59 uuid=7", "pci=94 uuid=7", "pci=59 uuid=8", "pci=59"].map {
      try LimitedOpenCL.device("type=4 " + $0).identity
    }
    #expect(devices[0].name == "opencl:0.0" && devices[0].isFirst && devices[0].pciAddress == "0000:3b:00.0")
    #expect(devices[0].uuid == String(repeating: "0", count: 31) + "7" && devices[1].pciAddress == "0000:5e:00.0")
    #expect(devices.map { devices[0].isSame(as: $0) } == [true, false, false, devices[3].uuid == nil])
    // Zeros are no UUID.
    #expect(try LimitedOpenCL.device("uuid=0").identity.uuid == nil)
  }

  @Test(
    "Every range of element-wise kernels is one that the device allows, and covers all elements",
    arguments: groups + ["group=4096", "group=256", "group=100", "group=1", "group=256 items=256x4x1"])
  func ranges(_ limits: String) throws {
    let backend = try CLBackend(device: LimitedOpenCL.device(limits + " type=4"))
    for channels in [1, 2, 3, 15, 16, 17, 64, 100, 1024, 5000] {
      for pixels in [1, 2, 7, 1000, 100_000] {
        let range = backend.rows(channels: channels, pixels: pixels)
        #expect(backend.device.allows(group: range.local), "\(range)")
        #expect(range.global.0 >= channels && range.global.1 * range.global.2 >= pixels, "\(range)")
      }
    }
    let group = backend.reductionGroupSize
    #expect(group > 0 && group & (group - 1) == 0 && backend.device.allows(group: (group, 1, 1)))
  }

  @Test("Kernels that share work are right with the groups that a device allows", arguments: groups, cases)
  func kernels(_ limits: String, _ kernelCase: KernelCase) throws {
    let device = try LimitedOpenCL.device(limits)
    let instance = kernelCase.make()
    // Bodies for CPUs share nothing among the work-items of a group.
    let backend = try Self.backends[limits] ?? CLBackend(device: device, bodies: .gpu)
    Self.backends[limits] = backend
    #expect(try CaseRunner(backend: backend).run(instance).failures.isEmpty)
  }

  /// By their limits; opened once.
  private static var backends: [String: CLBackend] = [:]

  @Test("Tiles of convolutions shrink with the groups and the local memory; without room for any, plain loops compute")
  func tiles() throws {
    let geometry = ConvolutionGeometry(kernel: 4, stride: 2, padding: 1)
    let operation = ConvolutionForward(
      input: Tensor("input", Shape(2, 8, 8, 16)), weights: Tensor("weights", Shape(4, 4, 16, 32)), bias: nil,
      output: Tensor("output", Shape(2, 4, 4, 32)), geometry: geometry)
    for (limits, kind, items) in [
      ("", AlgorithmKind.tiled, 128), ("group=64", .tiled, 64), ("group=16", .tiled, 16), ("group=2", .naive, nil),
      ("items=16x4x1", .tiled, 16), ("local=8192", .tiled, 64), ("local=2048", .naive, nil),
    ] as [(String, AlgorithmKind, Int?)] {
      let backend = try CLBackend(device: LimitedOpenCL.device(limits + " type=4"), bodies: .gpu)
      let algorithm = backend.algorithm(for: operation.problem).algorithm
      #expect(algorithm.parameters.kind == kind, "\(limits): \(algorithm)")
      let group = (algorithm.parameters as? TiledData)?.tiles.group
      #expect(group.map { $0.0 * $0.1 } == items, "\(limits): \(algorithm)")
    }
  }

  @Test("Bodies for CPUs run where groups are too small to share tiles", arguments: [16: KernelBodies.gpu, 8: .cpu])
  func bodies(group: Int, bodies: KernelBodies) throws {
    #expect(try CLBackend(device: LimitedOpenCL.device("group=\(group) type=4")).bodies == bodies)
  }

  @Test("A kernel that allows smaller groups than the device is refused in one line")
  func kernelLimit() throws {
    let backend = try CLBackend(device: LimitedOpenCL.device("kernel-group=64"), bodies: .gpu)
    let kernelCase = try #require(Self.cases.first { $0.name == "PixelwiseLoss" })
    do {
      _ = try CaseRunner(backend: backend).run(kernelCase)
      Issue.record("a group of 256 was run")
    } catch {
      #expect(error.description.contains("refuses groups of 256 work-items for kernel"))
      #expect(error.description.contains("it allows 64") && !error.description.contains("\n"))
    }
  }

  /// Returns the name of the status of the OpenCL call that failed; nil where none did.
  private func status(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch BackendError.openCL(let error) {
      return error.statusName
    } catch { return "\(error)" }
  }
}
