import Runtime

@testable import KernelCases

/// A backend that computes with the references, and then injects a fault that the runner must find.
final class ReferenceBackend: Backend {
  let name = "reference"
  let deviceDescription = "double precision on the host"
  let precision = Precision.float32
  let regionAlignment = 64
  let maximumAllocationByteCount = Int.max
  private let fault: Fault?

  /// Bytes that every operation asks for without a need, so that the runner has a workspace to guard.
  static let workspaceByteCount = 100

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
    throw .invalidOperation(operation: "measurePeaks", reason: "a reference has no peaks")
  }

  private func host(_ memory: DeviceMemory) throws(BackendError) -> HostMemory {
    guard let memory = memory as? HostMemory else { throw .foreignMemory(operation: "copy", tensor: "memory") }
    return memory
  }

  func plan(_ operation: RankSumStart) throws(BackendError) -> PlannedOperation { throw Self.noRanks }
  func plan(_ operation: RankSumEnd) throws(BackendError) -> PlannedOperation { throw Self.noRanks }

  private static let noRanks = BackendError.invalidOperation(operation: "RankSum", reason: "a reference has no ranks")

  /// Plans every operation but convolutions.
  func plan(_ operation: some ReferencedOperation) -> PlannedOperation {
    let earlyVariables = fault == .readsVariablesEarly ? Self.variablesNow(of: operation) : {}
    return PlannedOperation(operation.title, workspaceByteCount: Self.workspaceByteCount) {
      [fault] workspace throws(BackendError) in
      ReferenceLaunch(operation, workspace: try workspace.map(self.host), fault: fault, setVariables: earlyVariables)
    }
  }

  func plan(_ problem: ConvolutionProblem) -> PlannedOperation { plan(AnyConvolution(problem: problem)) }

  /// Returns a function that sets an operation's variables to the values that they have now.
  private static func variablesNow(of operation: any Operation) -> () -> Void {
    let setters = Mirror(reflecting: operation).children.compactMap { child -> (() -> Void)? in
      switch child.value {
      case let variable as Variable<Float>:
        let value = variable.value
        return { variable.value = value }
      case let variable as Variable<Int>:
        let value = variable.value
        return { variable.value = value }
      default: return nil
      }
    }
    return { for setter in setters { setter() } }
  }
}

/// Any pass of a convolution or of a transposed convolution.
private struct AnyConvolution: ConvolutionOperation, ReferencedOperation {
  static let name = "AnyConvolution"
  let problem: ConvolutionProblem
}

/// Evaluates an operation's reference on host memory, given the tensors that it reads, and then injects the fault.
private final class ReferenceLaunch: Launch {
  private let operation: any ReferencedOperation
  private let workspace: HostMemory?
  private let fault: Fault?
  private let setVariables: () -> Void
  private var runs = 0

  init(
    _ operation: any ReferencedOperation, workspace: HostMemory?, fault: Fault?, setVariables: @escaping () -> Void
  ) {
    self.operation = operation
    self.workspace = workspace
    self.fault = fault
    self.setVariables = setVariables
  }

  func run() throws(BackendError) {
    setVariables()
    var memory = ReferenceMemory()
    for tensor in operation.reads { memory[tensor] = try tensor.read() }
    operation.evaluate(in: &memory)
    for tensor in operation.writes { try tensor.write(memory[tensor]) }
    runs += 1
    try fault?.inject(into: operation, workspace: workspace, run: runs)
  }
}

/// Memory of the host as a device's.
final class HostMemory: DeviceMemory {
  /// This range's bytes; a region's lie inside its owner's.
  let bytes: UnsafeMutableRawBufferPointer
  /// Keeps the allocation of a region alive.
  private let owner: HostMemory?

  override init(byteCount: Int) {
    bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
    owner = nil
    super.init(byteCount: byteCount)
  }

  init(region range: Range<Int>, of owner: HostMemory) {
    bytes = UnsafeMutableRawBufferPointer(rebasing: owner.bytes[range])
    self.owner = owner
    super.init(byteCount: range.count)
  }

  deinit {
    if owner == nil { bytes.deallocate() }
  }
}

extension Tensor {
  /// The memory behind the elements, on a host backend.
  func hostMemory() throws(BackendError) -> HostMemory {
    guard let memory = storage.memory as? HostMemory else {
      throw .foreignMemory(operation: "reference", tensor: storage.name)
    }
    return memory
  }

  /// Copies the elements out.
  func read() throws(BackendError) -> ReferenceTensor {
    let image = StorageImage(elementType: storage.elementType, bytes: Array(try hostMemory().bytes))
    return ReferenceTensor(shape, image.read(self))
  }

  /// Overwrites the elements.
  func write(_ values: ReferenceTensor) throws(BackendError) {
    let memory = try hostMemory()
    var image = StorageImage(elementType: storage.elementType, bytes: Array(memory.bytes))
    image.write(TensorValues(self, values))
    memory.bytes.copyBytes(from: image.bytes)
  }
}
