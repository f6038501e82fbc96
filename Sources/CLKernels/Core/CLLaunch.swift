import Runtime

/// An operation bound to memory: kernels that run one after the other, each a kernel object of its own whose arguments
/// are bound once. Arguments that the host changes between steps are set again at each run.
public final class CLLaunch: Launch {
  private struct Dispatch {
    let name: String
    let program: ProgramSource
    /// The value of each parameter, in order; none once the kernel has them.
    var arguments: [BoundArgument]
    let range: CLRange
    /// Nil until the launch runs, or is prepared.
    var kernel: CLKernel?
    /// The arguments that change between runs, and their places.
    var variables: [(index: Int, argument: BoundArgument)] = []
  }

  let backend: CLBackend
  private let operation: String
  private var dispatches: [Dispatch] = []
  private var isPrepared = false

  /// - Parameter operation: the operation's name, for messages.
  init(_ operation: String, on backend: CLBackend) {
    self.operation = operation
    self.backend = backend
  }

  /// Appends a kernel.
  /// - Parameters:
  ///   - name: the function's name.
  ///   - file: the file in `kernels/` that holds it.
  ///   - definitions: the `-D` constants that the program is built with.
  ///   - range: the work-items; nothing is appended if there are none.
  func add(
    _ name: String, in file: String, definitions: KeyValuePairs<String, any KernelConstant> = [:],
    arguments: [KernelArgument], over range: CLRange
  ) throws(BackendError) {
    var bound: [BoundArgument] = []
    for argument in arguments { bound += try self.bound(argument) }
    guard range.groupCount > 0 else { return }
    let program = backend.program(file, definitions)
    dispatches.append(Dispatch(name: name, program: program, arguments: bound, range: range))
    backend.compiler.expect(KernelForm(name, bound.map(\.form), over: range), of: program)
  }

  /// Returns the values of the parameters that an argument stands for.
  private func bound(_ argument: KernelArgument) throws(BackendError) -> [BoundArgument] {
    switch argument {
    case .tensor(let tensor):
      [
        .memory(try backend.memory(of: tensor, for: operation)), .ulong(UInt64(tensor.offset)),
        .ulong(UInt64(tensor.pixelStride)),
      ]
    case .array(let tensor):
      [.memory(try backend.memory(of: tensor, for: operation)), .ulong(UInt64(tensor.offset))]
    case .memory(let memory): [.memory(try backend.own(memory, for: operation))]
    case .null: [.null]
    case .int(let value): [.int(try narrow(value))]
    case .uint(let value): [.uint(try narrow(value))]
    case .ulong(let value): [.ulong(try narrow(value))]
    case .float(let value): [.float(value)]
    case .variableFloat(let read): [.variableFloat(read)]
    case .variableULong(let read, let allowed): [.variableULong(read, allowed: allowed)]
    }
  }

  /// Compiles the kernels, with those of all launches that wait for theirs, and binds their arguments.
  public func prepare() throws(BackendError) {
    if isPrepared { return }
    backend.compileKernels()
    for (place, dispatch) in dispatches.enumerated() where dispatch.kernel == nil {
      let kernel = try backend.compiler.kernel(dispatch.name, in: dispatch.program)
      for (index, argument) in dispatch.arguments.enumerated() where !argument.isVariable {
        try set(argument, at: index, of: kernel)
      }
      let variables = dispatch.arguments.enumerated().filter(\.element.isVariable)
      dispatches[place].variables = variables.map { (index: $0.offset, argument: $0.element) }
      dispatches[place].arguments = []
      dispatches[place].kernel = kernel
    }
    isPrepared = true
  }

  /// Puts the kernels into the backend's queue, in order.
  public func run() throws(BackendError) {
    try prepare()
    for dispatch in dispatches {
      guard let kernel = dispatch.kernel else { continue }
      for (index, argument) in dispatch.variables { try set(argument, at: index, of: kernel) }
      do throws(BackendError) {
        try backend.enqueue(kernel, over: dispatch.range)
      } catch .openCL(let error) where error.statusName == "CL_INVALID_WORK_GROUP_SIZE" {
        throw tooLargeGroup(kernel, dispatch.range)
      }
    }
  }

  private func set(_ argument: BoundArgument, at index: Int, of kernel: CLKernel) throws(BackendError) {
    switch argument {
    case .memory(let memory): try kernel.setArgument(index, memory)
    case .null: try kernel.setArgumentToNull(index)
    case .int(let value): try kernel.setArgument(index, value)
    case .uint(let value): try kernel.setArgument(index, value)
    case .ulong(let value): try kernel.setArgument(index, value)
    case .float(let value): try kernel.setArgument(index, value)
    case .variableFloat(let read): try kernel.setArgument(index, read())
    case .variableULong(let read, let allowed):
      let value = read()
      guard allowed.contains(value) else {
        throw .invalidOperation(operation: operation, reason: "\(value) is not in \(allowed)")
      }
      try kernel.setArgument(index, try narrow(value) as UInt64)
    }
  }

  /// A kernel may allow smaller groups than its device: registers and local memory are shared by a group. The refusal
  /// of the launch decides that and not a question before it, which Mesa's rusticl 22.3 answers with 32 for kernels
  /// that it runs in groups of 1,024.
  private func tooLargeGroup(_ kernel: CLKernel, _ range: CLRange) -> BackendError {
    let local = range.local
    let allowed = (try? kernel.maximumWorkGroupSize).map { ", it allows \($0)" } ?? ""
    return .invalidOperation(
      operation: operation,
      reason: "\(backend.device.name) refuses groups of \(local.0 * local.1 * local.2) work-items for kernel "
        + "\(kernel.name)\(allowed); use another device")
  }

  private func narrow<Narrow: FixedWidthInteger>(_ value: Int) throws(BackendError) -> Narrow {
    guard let narrow = Narrow(exactly: value) else {
      throw .invalidOperation(operation: operation, reason: "\(value) does not fit \(Narrow.self); use a smaller batch")
    }
    return narrow
  }
}

/// One argument of a kernel. Integers name the width of the kernel's parameter, since OpenCL checks only the size of an
/// argument.
enum KernelArgument {
  /// `global T*`, `ulong offset`, `ulong pixel_stride`: three arguments.
  case tensor(Tensor)
  /// `global T*`, `ulong offset`: memory without gaps, two arguments.
  case array(Tensor)
  /// `global T*` alone.
  case memory(DeviceMemory)
  /// `global T*` that is null.
  case null
  case int(Int)
  case uint(Int)
  case ulong(Int)
  case float(Float)
  /// Read again at every launch: `float`.
  case variableFloat(() -> Float)
  /// Read again at every launch, which refuses values outside `allowed`: `ulong`.
  case variableULong(() -> Int, allowed: ClosedRange<Int>)
}

/// The value of one of a kernel's parameters.
private enum BoundArgument {
  case memory(CLMemory)
  case null
  case int(Int32)
  case uint(UInt32)
  case ulong(UInt64)
  case float(Float)
  case variableFloat(() -> Float)
  case variableULong(() -> Int, allowed: ClosedRange<Int>)

  /// Whether it is set at every launch.
  var isVariable: Bool {
    switch self {
    case .variableFloat, .variableULong: true
    default: false
    }
  }

  /// The same without memory, variables being as they are now, or as they may be.
  var form: KernelForm.Argument {
    switch self {
    case .memory(let memory): .memory(byteCount: memory.byteCount)
    case .null: .null
    case .int(let value): .int(value)
    case .uint(let value): .uint(value)
    case .ulong(let value): .ulong(value)
    case .float(let value): .float(bitPattern: value.bitPattern)
    case .variableFloat(let read): .float(bitPattern: read().bitPattern)
    case .variableULong(let read, let allowed):
      .ulong(UInt64(max(0, min(max(read(), allowed.lowerBound), allowed.upperBound))))
    }
  }
}

/// A value of a `-D` constant, as OpenCL C source.
protocol KernelConstant {
  var source: String { get }
}

extension Int: KernelConstant {
  var source: String { String(self) }
}

extension Bool: KernelConstant {
  var source: String { self ? "1" : "0" }
}

/// A name of the kernel language: a type, another constant.
extension String: KernelConstant {
  var source: String { self }
}
