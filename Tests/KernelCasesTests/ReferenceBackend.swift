import KernelCases
import Runtime

/// A backend that computes with the references, straight from the operations' descriptors: it shows that cases hold
/// together, and carries the faults that the runner must find.
final class ReferenceBackend: Backend {
  let name = "reference"
  let deviceDescription = "double precision on the host"
  let precision = Precision.float32
  let regionAlignment = 64
  let maximumAllocationByteCount = Int.max
  let fault: Fault?

  init(fault: Fault? = nil) { self.fault = fault }

  func allocate(byteCount: Int) -> DeviceMemory { HostMemory(byteCount: byteCount) }

  func region(of memory: DeviceMemory, byteOffset: Int, byteCount: Int) throws(BackendError) -> DeviceMemory {
    HostMemory(region: byteOffset..<byteOffset + byteCount, of: try host(memory))
  }

  func upload(_ bytes: UnsafeRawBufferPointer, to memory: DeviceMemory, byteOffset: Int) throws(BackendError) {
    let target = try host(memory).bytes
    UnsafeMutableRawBufferPointer(rebasing: target[byteOffset...]).copyMemory(from: bytes)
  }

  func download(_ memory: DeviceMemory, byteOffset: Int, into bytes: UnsafeMutableRawBufferPointer)
    throws(BackendError)
  {
    let source = try host(memory).bytes
    bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[byteOffset..<byteOffset + bytes.count]))
  }

  func flush() {}
  func synchronize() {}

  func measurePeaks() throws(BackendError) -> DevicePeaks {
    throw .invalidOperation(operation: "measurePeaks", reason: "nobody asks how fast a reference is")
  }

  private func host(_ memory: DeviceMemory) throws(BackendError) -> HostMemory {
    guard let memory = memory as? HostMemory else { throw .foreignMemory(operation: "copy", tensor: "memory") }
    return memory
  }

  /// A launch that runs `body`, and then this backend's fault.
  func launch(
    _ operation: any Operation, workspace: DeviceMemory? = nil, _ body: @escaping () throws(BackendError) -> Void
  ) throws(BackendError) -> any Launch {
    ReferenceLaunch(operation: operation, workspace: try workspace.map(host), fault: fault, body: body)
  }
}

/// A closure, followed by a fault.
private final class ReferenceLaunch: Launch {
  private let operation: any Operation
  private let workspace: HostMemory?
  private let fault: Fault?
  private let body: () throws(BackendError) -> Void
  private var runs = 0

  init(
    operation: any Operation, workspace: HostMemory?, fault: Fault?, body: @escaping () throws(BackendError) -> Void
  ) {
    self.operation = operation
    self.workspace = workspace
    self.fault = fault
    self.body = body
  }

  func run() throws(BackendError) {
    try body()
    runs += 1
    try fault?.strike(operation, workspace: workspace, run: runs)
  }
}
