import CLKernels
import CPUKernels
import Files
import Foundation
import Models
import Runtime
import TestSupport
import Testing

/// Devices without room for a step, and what the message says of them.
@Suite("Out of device memory")
struct MemoryShortageTests {
  private func backend(_ device: TestBackends, limit: Int) throws -> any Backend {
    let budget = MemoryBudget(limit: limit)
    return switch device {
    case .cpu: CPUBackend(budget: budget)
    case .blas: CPUBackend(budget: budget, blas: try BLAS.shared())
    case .openCL: try CLBackend(device: TestBackends.openCLDevice(), algorithms: AlgorithmChoice(), budget: budget)
    }
  }

  private func start(
    _ device: TestBackends, batchSize: Int, limit: Int, residency: ImageResidency = .all, count: Int = 520,
    rebalancing: Float = 0
  ) throws {
    let backend = try backend(device, limit: limit)
    var configuration = try SmallRun.configuration(.gan, on: backend)
    configuration.options.batchSize = batchSize
    configuration.options.rebalancing = rebalancing
    if rebalancing > 0 { configuration.model.colorSpace = .lab }
    configuration.trainImages = 512
    configuration.validationImages = 8
    try SmallRun.withFolder { folder in
      do {
        _ = try TrainingRun(
          configuration, in: folder, dataset: SmallRun.dataset(count: count), residency: residency, on: backend)
      } catch {
        #expect(!FileManager.default.fileExists(atPath: folder.path))
        throw error
      }
    }
  }

  private func shortage(
    _ device: TestBackends, batchSize: Int, limit: Int, residency: ImageResidency = .all, count: Int = 520,
    rebalancing: Float = 0
  ) throws -> MemoryShortage {
    let error = #expect(throws: RunError.self) {
      try start(
        device, batchSize: batchSize, limit: limit, residency: residency, count: count, rebalancing: rebalancing)
    }
    guard case .outOfMemory(let shortage) = error else { throw error ?? .invalidOption("no error") }
    return shortage
  }

  @Test("The need is what it takes to the byte, and the size that fits does fit", arguments: TestBackends.available)
  func advice(device: TestBackends) throws {
    let need = try shortage(device, batchSize: 400, limit: 1 << 20).byteCount
    // Room enough, and a byte too little.
    try start(device, batchSize: 400, limit: need)
    let found = try shortage(device, batchSize: 400, limit: need - 1)
    #expect(found.byteCount == need && found.batchSize == 400)
    let fitting = try #require(found.fitting)
    #expect(fitting.batchSize == 256 && fitting.byteCount < need)
    try start(device, batchSize: fitting.batchSize, limit: fitting.byteCount)
    for part in ["--batch-size 400", "--batch-size 256", "MiB"] { #expect(found.description.contains(part)) }
    let tighter = try shortage(device, batchSize: 400, limit: fitting.byteCount - 1)
    #expect(tighter.fitting?.batchSize == 128)
  }

  @Test("The weights of colors are part of the need", arguments: TestBackends.available)
  func rebalancing(device: TestBackends) throws {
    let need = try shortage(device, batchSize: 64, limit: 1 << 20, rebalancing: 1).byteCount
    try start(device, batchSize: 64, limit: need, rebalancing: 1)
    #expect(try shortage(device, batchSize: 64, limit: need - 1, rebalancing: 1).byteCount == need)
  }

  @Test("Where nothing fits, the message says so", arguments: TestBackends.available)
  func hopeless(device: TestBackends) throws {
    let found = try shortage(device, batchSize: 64, limit: 1 << 20)
    #expect(found.fitting == nil && found.smallest.batchSize == 1)
    #expect(found.description.contains("--width"))
  }

  /// 4000 images take 12 MB.
  @Test("Images count as far as they are on the device", arguments: TestBackends.available)
  func images(device: TestBackends) throws {
    let all = try shortage(device, batchSize: 2, limit: 2 << 20, count: 4000)
    #expect(all.imageByteCount == 4000 * 32 * 32 * 3)
    #expect(all.imageByteCount > all.byteCount - all.imageByteCount)
    #expect(all.description.contains("--device-images"))
    // Where they have no room, a window of them is used, and the step takes the rest.
    let window = try shortage(device, batchSize: 64, limit: 1 << 20, residency: .automatic, count: 4000)
    #expect(window.imageByteCount < all.imageByteCount)
    #expect(!window.description.contains("--device-images"))
  }

  @Test("The memory of an allocation is free again when it is released")
  func givenBack() throws {
    let budget = MemoryBudget(limit: 1000)
    let backend = CPUBackend(budget: budget)
    for _ in 0..<3 {
      let memory = try backend.allocate(byteCount: 600)
      #expect(throws: BackendError.self) { try backend.allocate(byteCount: 401) }
      withExtendedLifetime(memory) { #expect(budget.taken == 600) }
    }
    #expect(budget.taken == 0)
  }

  @Test("Processes of a machine divide its memory, and RECOLOR_MEMORY for it")
  func shared() {
    let files = [
      "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "320000000\n",
      "/sys/fs/cgroup/memory.current": "0\n",
    ]
    func limit(_ processes: Int, byteLimit: Int = .max, _ environment: [String: String] = [:]) -> Int {
      let group = ControlGroup(processCount: processes) { files[$0] }
      return MemoryBudget(ofHost: group, byteLimit: byteLimit, environment: environment).limit
    }
    #expect(limit(1) == 300_000_000 && limit(2) == 150_000_000 && limit(4) == 75_000_000)
    #expect(limit(4, ["RECOLOR_MEMORY": "100MiB"]) == 25 << 20)
    #expect(limit(4, byteLimit: 1 << 20) == 1 << 18)
    #expect(
      MemoryBudget(ofHost: ControlGroup(processCount: 2) { _ in nil }, environment: [:]).limit
        == ControlGroup.machineMemory / 2)
  }

  @Test("A training that does not fit into a container's memory is refused, and what fits is named")
  func container() throws {
    let files = [
      "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "300000000\n",
      "/sys/fs/cgroup/memory.current": "20000000\n",
    ]
    let group = ControlGroup { files[$0] }
    func backend(_ environment: [String: String] = [:]) -> CPUBackend {
      CPUBackend(budget: MemoryBudget(ofHost: group, environment: environment))
    }
    // A sixteenth is left to the rest of the process.
    #expect(backend().memoryByteCount == 262_500_000)
    #expect(backend(["RECOLOR_MEMORY": "100MiB"]).memoryByteCount == 100 << 20)
    #expect(MemoryBudget(ofHost: ControlGroup { _ in nil }, environment: [:]).limit == ControlGroup.machineMemory)
    var configuration = try SmallRun.configuration(.gan, on: backend())
    configuration.model.width = 16
    configuration.options.batchSize = 512
    configuration.trainImages = 512
    let dataset = try SmallRun.dataset(count: 520)
    try SmallRun.withFolder { folder in
      let error = #expect(throws: RunError.self) {
        try TrainingRun(configuration, in: folder, dataset: dataset, on: backend())
      }
      guard case .outOfMemory(let shortage) = error else { throw error ?? .invalidOption("no error") }
      let fitting = try #require(shortage.fitting)
      #expect(fitting.byteCount <= 262_500_000 && fitting.batchSize < 512)
    }
  }

  @Test("RECOLOR_MEMORY lowers what there is")
  func environment() {
    func limit(_ text: String) -> Int {
      MemoryBudget(ofDeviceWith: 4 << 30, environment: ["RECOLOR_MEMORY": text]).limit
    }
    #expect(limit("2GiB") == 2 << 30)
    #expect(limit("500MiB") == 500 << 20)
    #expect(limit("123456") == 123_456)
    for useless in ["8GiB", "", "GiB", "-1GiB", "2 GB", "99999999999GiB"] { #expect(limit(useless) == 4 << 30) }
  }
}
