import Files
import FoundationEssentials
import Runtime

/// Every operation on an OpenCL device.
///
/// One context, one in-order queue. Programs are built once per source and options and shared by all kernel objects;
/// their binaries are kept on disk.
public final class CLBackend: Backend {
  public let device: CLDevice
  /// Which bodies the kernels with two of them use.
  public let bodies: KernelBodies
  /// Which method each convolution uses.
  public private(set) var methods: MethodChoice
  public internal(set) var precision = Precision.float32
  public let context: CLContext
  public let queue: CLQueue
  let sources: KernelSources
  let cache: CLProgramCache?
  private let budget: MemoryBudget
  private var programs: [ProgramKey: CLProgram] = [:]
  private var timings: [KernelTiming] = []
  /// Keys and methods, as JSON.
  private var tunedUses: Set<String> = []
  /// Whether `takeTimings` gets every kernel that runs; at first if the backend was made with `profiling`.
  public var recordsTimings: Bool

  private struct ProgramKey: Hashable {
    let file: String
    let options: String
  }

  /// - Parameters:
  ///   - device: where to run.
  ///   - bodies: nil for those that fit the device's kind.
  ///   - methods: which method each convolution uses; nil for what `tuning` says of this device, with its own bodies.
  ///   - precision: how products of convolutions are computed; nil for what PyTorch does by default, TF32 where there are tensor
  ///     cores and they pass `tensorCoreFault`.
  ///   - profiling: whether to record when each kernel ran; `takeTimings` gives the record.
  ///   - sources: where kernel files come from.
  ///   - cache: where compiled programs are kept; nil for nowhere.
  ///   - tuning: where measured methods are kept; nil for nowhere.
  ///   - budget: nil for the device's memory.
  public init(
    device: CLDevice, bodies: KernelBodies? = nil, methods: MethodChoice? = nil,
    precision: Precision? = .float32, profiling: Bool = false, sources: KernelSources = .standard(),
    cache: CLProgramCache? = .standard(), tuning: TuningStore? = .standard(),
    budget: MemoryBudget? = nil
  ) throws(BackendError) {
    try sources.requireFolder()
    self.device = device
    self.bodies = bodies ?? (device.kind == .cpu ? .cpu : .gpu)
    self.methods = methods ?? MethodChoice()
    self.sources = sources
    self.budget = budget ?? MemoryBudget(ofDeviceWith: device.globalMemoryByteCount)
    self.cache = cache
    context = try CLContext(device: device)
    queue = try CLQueue(context: context, profiling: profiling)
    recordsTimings = false
    self.precision = try resolved(precision)
    // Methods were measured with the device's own bodies, and are for these.
    if methods == nil, bodies == nil, let tuned = tuning?.choice(for: device, self.precision, sources) {
      self.methods = tuned
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

  /// A digest of the tuned methods that were used so far.
  public var tuning: String? { tunedUses.isEmpty ? nil : try? SHA256.hexadecimal(of: tunedUses.sorted()) }

  /// Keeps in mind that a tuned method decides about results.
  func noteUse<Method: Encodable>(of key: ConvolutionKey, _ method: Method) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let parts = [try? encoder.encode(key), try? encoder.encode(method)]
    tunedUses.insert(parts.map { String(decoding: $0 ?? Data(), as: UTF8.self) }.joined(separator: " "))
  }

  // MARK: Memory

  public func allocate(byteCount: Int) throws(BackendError) -> DeviceMemory {
    let share = try budget.take(byteCount, device: device.name)
    let memory = try CLMemory(context: context, byteCount: byteCount)
    memory.share = share
    // Some drivers take the memory at its first use; a use now shows here, not in the middle of a step, that there is none.
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
  }

  public func flush() throws(BackendError) { try queue.flush() }
  public func synchronize() throws(BackendError) { try queue.finish() }

  /// `memory` as this backend's.
  func own(_ memory: DeviceMemory, for operation: String, tensor: String = "(memory)") throws(BackendError) -> CLMemory
  {
    guard let memory = memory as? CLMemory, memory.context === context else {
      throw .foreignMemory(operation: operation, tensor: tensor)
    }
    return memory
  }

  /// The memory of a tensor, which must hold all its elements.
  func memory(of tensor: Tensor, for operation: String) throws(BackendError) -> CLMemory {
    let storage = tensor.storage
    guard let memory = storage.memory else {
      throw .invalidOperation(operation: operation, reason: "tensor \(storage.name) has no memory")
    }
    let shape = tensor.shape
    let end = tensor.offset + (shape.pixelCount - 1) * tensor.pixelStride + shape.channels
    guard shape.count > 0, tensor.offset >= 0, tensor.pixelStride >= shape.channels,
      end * storage.elementType.byteCount <= memory.byteCount
    else {
      throw .invalidOperation(
        operation: operation, reason: "tensor \(storage.name), \(shape), does not fit its \(memory.byteCount) bytes")
    }
    return try own(memory, for: operation, tensor: storage.name)
  }

  // MARK: Kernels

  /// A new kernel object. The program it is in is built, or taken from the cache, the first time.
  func kernel(_ name: String, in file: String, definitions: KeyValuePairs<String, any KernelConstant> = [:])
    throws(BackendError) -> CLKernel
  {
    let constants = definitions.map { "-D\($0.key)=\($0.value.source)" }
    let common = ["-cl-std=CL1.2", "-DCPU_BODIES=\((bodies == .cpu).source)"] + device.buildOptions
    let options = (common + constants).joined(separator: " ")
    let key = ProgramKey(file: file, options: options)
    if let program = programs[key] { return try CLKernel(name, in: program) }
    let program = try CLProgram(
      file, source: try sources.text(of: file), options: options, context: context, cache: cache)
    programs[key] = program
    return try CLKernel(name, in: program)
  }

  func enqueue(_ kernel: CLKernel, over range: CLRange) throws(BackendError) {
    guard recordsTimings, queue.isProfiling else { return try queue.enqueue(kernel, over: range) }
    timings.append(KernelTiming(kernel: kernel.name, event: try queue.enqueueWithEvent(kernel, over: range)))
  }

  /// What ran since the last call, in order; empty without `profiling`. `event.times()` waits for the kernel's end.
  public func takeTimings() -> [KernelTiming] {
    defer { timings.removeAll(keepingCapacity: true) }
    return timings
  }

  /// By the device's clock, kernel by kernel, on a backend made with `profiling`; what `takeTimings` would have given is
  /// dropped. By the host's clock otherwise.
  public func time(_ launch: any Launch) throws(BackendError) -> Double {
    guard queue.isProfiling else { return try hostTime(of: launch) }
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
