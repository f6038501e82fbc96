import CVectorLoops
import Files
import Glibc
import Runtime

/// The processor as a device: every operation runs on a pool of threads, with the vector loops of `CVectorLoops`.
///
/// The convolutions' products find their rows through pointers and work on register tiles. Where the processor has no
/// tuned tile, those of the system's BLAS may be faster, which packs its factors: `BLAS.automatic`.
///
/// An operation is done when its launch's `run` returns. The operations are in the files of their names.
public final class CPUBackend: Backend {
  public let name = "cpu"
  public let pool: ThreadPool
  /// The library that multiplies in convolutions; nil for the vector loops.
  public let blas: BLAS?

  private let budget: MemoryBudget

  /// A backend on `threadCount` threads, by default as many as `ThreadPool` starts.
  /// - Parameters:
  ///   - budget: nil for the machine's memory, or what its control groups leave of it.
  ///   - blas: the library that multiplies in convolutions; nil for the vector loops.
  public init(threadCount: Int? = nil, budget: MemoryBudget? = nil, blas: BLAS? = nil) {
    _ = InstructionSet.limitFromEnvironment
    self.blas = blas
    pool = ThreadPool(workerCount: threadCount)
    self.budget = budget ?? MemoryBudget(ofHost: .system)
  }

  public var deviceDescription: String {
    let threads = pool.workerCount == 1 ? "1 thread" : "\(pool.workerCount) threads"
    let products = blas.map { ", products by \($0)" } ?? ""
    return "\(Self.processorName), \(threads), \(Self.instructionSetName)\(products)"
  }

  /// The vector instructions that the loops run with.
  public static var instructionSetName: String { InstructionSet.used.name }

  /// The processor's model name.
  public static var processorName: String {
    guard let file = fopen("/proc/cpuinfo", "r") else { return "unknown processor" }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 1024)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      guard text.hasPrefix("model name"), let colon = text.firstIndex(of: ":") else { continue }
      return String(text[text.index(after: colon)...].drop { $0 == " " }.prefix { $0 != "\n" })
    }
    return "unknown processor"
  }

  // MARK: Memory

  public var regionAlignment: Int { HostMemory.alignment }

  public var precision: Precision { .float32 }

  public var products: MatrixProducts? { blas == nil ? .vector : .blas }

  /// Identifies the library that multiplies, since another one may round otherwise; nil for the vector loops.
  public var tuning: String? { blas.flatMap { try? SHA256.hexadecimal(of: $0.identity) } }

  /// The machine's memory, or less where a control group or a budget limits it.
  public var memoryByteCount: Int { budget.limit }

  /// The machine's memory.
  public var maximumAllocationByteCount: Int { ControlGroup.machineMemory }

  public func allocate(byteCount: Int) throws(BackendError) -> DeviceMemory {
    // Linux overcommits memory: what does not fit would fail only when it is used.
    let share = try budget.take(byteCount, device: name)
    let memory = try HostMemory(allocating: byteCount)
    memory.share = share
    return memory
  }

  public func region(of memory: DeviceMemory, byteOffset: Int, byteCount: Int) throws(BackendError) -> DeviceMemory {
    let host = try hostMemory(memory, for: "region")
    try check(byteOffset, byteCount, in: host, for: "region")
    guard byteOffset % regionAlignment == 0 else {
      throw .invalidOperation(
        operation: "region", reason: "starts at byte \(byteOffset), which is no multiple of \(regionAlignment)")
    }
    return HostMemory(of: host, byteOffset: byteOffset, byteCount: byteCount)
  }

  public func upload(_ bytes: UnsafeRawBufferPointer, to memory: DeviceMemory, byteOffset: Int) throws(BackendError) {
    let host = try hostMemory(memory, for: "upload")
    try check(byteOffset, bytes.count, in: host, for: "upload")
    guard let source = bytes.baseAddress else { return }
    (host.pointer + byteOffset).copyMemory(from: source, byteCount: bytes.count)
  }

  public func download(_ memory: DeviceMemory, byteOffset: Int, into bytes: UnsafeMutableRawBufferPointer)
    throws(BackendError)
  {
    let host = try hostMemory(memory, for: "download")
    try check(byteOffset, bytes.count, in: host, for: "download")
    bytes.baseAddress?.copyMemory(from: host.pointer + byteOffset, byteCount: bytes.count)
  }

  /// Nothing to do: no work is ever queued.
  public func flush() {}
  /// Nothing to do: a launch's `run` returns when its work is done.
  public func synchronize() {}

  private func hostMemory(_ memory: DeviceMemory, for operation: String) throws(BackendError) -> HostMemory {
    guard let host = memory as? HostMemory else { throw .foreignMemory(operation: operation, tensor: "memory") }
    return host
  }

  private func check(_ byteOffset: Int, _ byteCount: Int, in memory: HostMemory, for operation: String)
    throws(BackendError)
  {
    guard byteOffset >= 0, byteCount >= 0, byteOffset <= memory.byteCount - byteCount else {
      throw .invalidOperation(
        operation: operation,
        reason: "\(byteCount) bytes from byte \(byteOffset) on do not fit in \(memory.byteCount) bytes")
    }
  }
}
