import Files
import FoundationEssentials
import Runtime

/// Every operation on an OpenCL device.
///
/// One context, one in-order queue. Programs are built once per source and options and shared by all kernel objects;
/// their binaries are kept on disk. They are built when the first of the operations that are bound by then runs.
public final class CLBackend: Backend {
  public let device: CLDevice
  /// Whether kernels run with their GPU bodies or their CPU bodies.
  public let bodies: KernelBodies
  /// The choice of each convolution's algorithm.
  public private(set) var algorithms: AlgorithmChoice
  public internal(set) var precision = Precision.float32
  public let context: CLContext
  public let queue: CLQueue
  let sources: KernelSources
  let cache: CLProgramCache?
  let compiler: KernelCompiler
  /// The failure of messages of sums over ranks.
  let messageFailure = MessageFailure()
  private let budget: MemoryBudget
  private var timings: [KernelTiming] = []
  /// Keys and algorithms, as JSON.
  private var tunedUses: Set<String> = []
  /// Whether `takeTimings` gets every kernel that runs; at first if the backend was made with `profiling`.
  public var recordsTimings: Bool

  /// - Parameters:
  ///   - device: where to run.
  ///   - bodies: nil for those that suit the device.
  ///   - algorithms: nil: the tuned algorithms stored for this device, if `bodies` is nil.
  ///   - precision: how products of convolutions are computed; nil for what PyTorch does by default, TF32 where there
  ///     are tensor cores and they pass `tensorCoreFault`.
  ///   - profiling: whether to record when each kernel ran; `takeTimings` gives the record.
  ///   - sources: where kernel files come from.
  ///   - cache: where compiled programs are kept; nil for nowhere.
  ///   - tuningStore: where measured algorithms are kept; nil for nowhere.
  ///   - budget: nil for the device's memory; of one that computes in the host's memory, what control groups leave.
  public init(
    device: CLDevice, bodies: KernelBodies? = nil, algorithms: AlgorithmChoice? = nil,
    precision: Precision? = .float32, profiling: Bool = false, sources: KernelSources = .standard(),
    cache: CLProgramCache? = .standard(), tuningStore: TuningStore? = .standard(),
    budget: MemoryBudget? = nil
  ) throws(BackendError) {
    try sources.requireFolder()
    self.device = device
    self.bodies = bodies ?? KernelBodies(for: device)
    self.algorithms = algorithms ?? AlgorithmChoice()
    self.sources = sources
    self.budget =
      budget
      ?? (device.kind == .cpu || device.hasUnifiedMemory
        ? MemoryBudget(ofHost: .system, byteLimit: device.globalMemoryByteCount)
        : MemoryBudget(ofDeviceWith: device.globalMemoryByteCount))
    self.cache = cache
    context = try CLContext(device: device)
    queue = try CLQueue(context: context, profiling: profiling)
    compiler = KernelCompiler(context: context, queue: queue, sources: sources, cache: cache)
    recordsTimings = false
    self.precision = try resolved(precision)
    // Algorithms were measured with the device's own bodies, and are for these.
    if algorithms == nil, bodies == nil, let tuned = tuningStore?.choice(for: device, self.precision, sources) {
      self.algorithms = tuned
    }
    recordsTimings = profiling
  }

  public var name: String { "opencl:\(device.index)" }
  public var deviceDescription: String {
    "\(device.name), \(device.computeUnits) compute units, \(device.platformName), \(device.driverVersion)"
  }
  /// At least a cache line, so that the wide vectors of neighbouring regions never share one.
  public var regionAlignment: Int { max(device.baseAddressAlignment, 64) }
  public var maximumAllocationByteCount: Int { device.maximumAllocationByteCount }
  public var memoryByteCount: Int { budget.limit }

  /// A digest of the tuned algorithms of the convolutions planned so far.
  public var tuning: String? { tunedUses.isEmpty ? nil : try? SHA256.hexadecimal(of: tunedUses.sorted()) }

  /// Records that a tuned algorithm decides about results.
  func noteUse(of algorithm: AnyAlgorithm, for key: ConvolutionKey) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let parts = [try? encoder.encode(key), try? encoder.encode(algorithm)]
    tunedUses.insert(parts.map { String(decoding: $0 ?? Data(), as: UTF8.self) }.joined(separator: " "))
  }

  // MARK: Memory

  public func allocate(byteCount: Int) throws(BackendError) -> DeviceMemory {
    let share = try budget.take(byteCount, device: device.name)
    let memory = try CLMemory(context: context, byteCount: byteCount)
    memory.share = share
    // Some drivers take the memory at its first use; a use now shows here, not in the middle of a step, that there is
    // none.
    do throws(BackendError) {
      try queue.fill(memory, with: 0, byteOffset: 0, byteCount: min(byteCount, 4))
      try queue.finish()
    } catch {
      if case .openCL(let error) = error, error.meansOutOfMemory {
        throw .outOfMemory(requested: byteCount, device: device.name)
      }
      throw error
    }
    return memory
  }

  public func region(of memory: DeviceMemory, byteOffset: Int, byteCount: Int) throws(BackendError) -> DeviceMemory {
    guard byteOffset.isMultiple(of: regionAlignment) else {
      throw .invalidOperation(
        operation: "region", reason: "\(byteOffset) is not a multiple of the alignment, \(regionAlignment)")
    }
    return try CLMemory(regionOf: own(memory, for: "region"), byteOffset: byteOffset, byteCount: byteCount)
  }

  public func upload(_ bytes: UnsafeRawBufferPointer, to memory: DeviceMemory, byteOffset: Int) throws(BackendError) {
    try queue.write(bytes, to: own(memory, for: "upload"), byteOffset: byteOffset)
  }

  public func download(_ memory: DeviceMemory, byteOffset: Int, into bytes: UnsafeMutableRawBufferPointer)
    throws(BackendError)
  {
    try queue.read(own(memory, for: "download"), byteOffset: byteOffset, into: bytes)
    try messageFailure.check()
  }

  public func flush() throws(BackendError) { try queue.flush() }

  public func synchronize() throws(BackendError) {
    try queue.finish()
    try messageFailure.check()
  }

  /// Returns `memory` as this backend's.
  func own(_ memory: DeviceMemory, for operation: String, tensor: String = "(memory)") throws(BackendError) -> CLMemory
  {
    guard let memory = memory as? CLMemory, memory.context === context else {
      throw .foreignMemory(operation: operation, tensor: tensor)
    }
    return memory
  }

  /// Returns the memory of a tensor, which must hold all its elements.
  func memory(of tensor: Tensor, for operation: String) throws(BackendError) -> CLMemory {
    let storage = tensor.storage
    guard let memory = storage.memory else {
      throw .invalidOperation(operation: operation, reason: "tensor \(storage.name) has no memory")
    }
    guard tensor.end * storage.elementType.byteCount <= memory.byteCount else {
      throw .invalidOperation(
        operation: operation,
        reason: "tensor \(storage.name), \(tensor.shape), does not fit its \(memory.byteCount) bytes")
    }
    return try own(memory, for: operation, tensor: storage.name)
  }

  // MARK: Kernels

  /// Returns a plan whose launch consists of the kernels that `addKernels` appends.
  func plan(_ title: String, _ addKernels: @escaping (CLLaunch) throws(BackendError) -> Void) -> PlannedOperation {
    PlannedOperation(title) { [self] (_) throws(BackendError) in
      let launch = CLLaunch(title, on: self)
      try addKernels(launch)
      return launch
    }
  }

  /// Returns a plan whose launch consists of the kernels that `addKernels` appends, with scratch memory.
  func plan(
    _ title: String, workspaceByteCount: Int,
    _ addKernels: @escaping (CLLaunch, _ workspace: CLMemory) throws(BackendError) -> Void
  ) -> PlannedOperation {
    PlannedOperation(title, workspaceByteCount: workspaceByteCount) { [self] (workspace) throws(BackendError) in
      guard let workspace else { throw .invalidOperation(operation: title, reason: "a workspace is needed") }
      let launch = CLLaunch(title, on: self)
      try addKernels(launch, try own(workspace, for: title, tensor: "workspace"))
      return launch
    }
  }

  /// Returns a kernel file and the options that its program is built with for `definitions`.
  func program(_ file: String, _ definitions: KeyValuePairs<String, any KernelConstant>) -> ProgramSource {
    let constants = definitions.map { "-D\($0.key)=\($0.value.source)" }
    let common = ["-cl-std=CL1.2", "-DCPU_BODIES=\((bodies == .cpu).source)"] + device.buildOptions
    return ProgramSource(file: file, options: (common + constants).joined(separator: " "))
  }

  /// Compiles the kernels of all operations that were bound and have not run yet, on all cores. The first launch that
  /// runs does so too.
  public func compileKernels() { compiler.compileExpected() }

  func enqueue(_ kernel: CLKernel, over range: CLRange) throws(BackendError) {
    guard recordsTimings, queue.isProfiling else { return try queue.enqueue(kernel, over: range) }
    timings.append(KernelTiming(kernel: kernel.name, event: try queue.enqueueWithEvent(kernel, over: range)))
  }

  /// Returns the kernels that ran since the last call, in order; none without `profiling`. `event.times()` waits for
  /// the kernel's end.
  public func takeTimings() -> [KernelTiming] {
    defer { timings.removeAll(keepingCapacity: true) }
    return timings
  }

  /// Returns the duration by the device's clock, kernel by kernel, on a backend made with `profiling`, dropping
  /// recorded timings; by the host's clock otherwise, and for launches of no kernels, which run once.
  public func time(_ launch: any Launch) throws(BackendError) -> Double {
    try launch.prepare()
    guard queue.isProfiling, launch is CLLaunch else { return try hostTime(of: launch) }
    let recorded = recordsTimings
    defer { recordsTimings = recorded }
    recordsTimings = true
    _ = takeTimings()
    try launch.run()
    var nanoseconds: UInt64 = 0
    for timing in takeTimings() { nanoseconds += try timing.event.times().nanoseconds }
    // A clock that is too coarse for it.
    if nanoseconds == 0 { return try hostTime(of: launch) }
    return Double(nanoseconds) * 1e-9
  }
}

/// The bodies of kernels that have two: one for GPUs, one for CPU drivers.
public enum KernelBodies: String, Sendable, CaseIterable {
  /// Many work-items per group, local memory, barriers.
  case gpu
  /// One work-item per group, wide vectors, register tiles: which CPU drivers compile well.
  case cpu

  /// The bodies that suit `device`: those for CPUs also where groups are too small to share a tile.
  init(for device: CLDevice) {
    self = device.kind == .cpu || !ConvolutionTiles.standard.contains { device.allows(group: $0.group) } ? .cpu : .gpu
  }
}

/// One run of one kernel on a profiling queue.
public struct KernelTiming {
  /// The kernel function's name.
  public let kernel: String
  public let event: CLEvent
}
