import Runtime

/// An operation bound to memory: kernels that run one after the other, each a kernel object of its own whose arguments
/// are bound once. Arguments that the host changes between steps are set again at each run.
public final class CLLaunch: Launch {
  private struct Dispatch {
    let kernel: CLKernel
    let range: CLRange
    /// The arguments that change between runs, and their places.
    let variables: [(index: Int, argument: KernelArgument)]
  }

  let backend: CLBackend
  private let operation: String
  private var dispatches: [Dispatch] = []

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
    try add(try backend.kernel(name, in: file, definitions: definitions), arguments: arguments, over: range)
  }

  /// Appends a kernel object that no other call site uses.
  func add(_ kernel: CLKernel, arguments: [KernelArgument], over range: CLRange) throws(BackendError) {
    var variables: [(index: Int, argument: KernelArgument)] = []
    var index = 0
    for argument in arguments {
      switch argument {
      case .tensor(let tensor):
        try kernel.setArgument(index, try backend.memory(of: tensor, for: operation))
        try kernel.setArgument(index + 1, UInt64(tensor.offset))
        try kernel.setArgument(index + 2, UInt64(tensor.pixelStride))
        index += 2
      case .array(let tensor):
        try kernel.setArgument(index, try backend.memory(of: tensor, for: operation))
        try kernel.setArgument(index + 1, UInt64(tensor.offset))
        index += 1
      case .memory(let memory): try kernel.setArgument(index, try backend.own(memory, for: operation))
      case .null: try kernel.setArgumentToNull(index)
      case .int(let value): try kernel.setArgument(index, try narrow(value) as Int32)
      case .uint(let value): try kernel.setArgument(index, try narrow(value) as UInt32)
      case .ulong(let value): try kernel.setArgument(index, try narrow(value) as UInt64)
      case .float(let value): try kernel.setArgument(index, value)
      case .variableFloat, .variableULong: variables.append((index, argument))
      }
      index += 1
    }
    guard range.groupCount > 0 else { return }
    dispatches.append(Dispatch(kernel: kernel, range: range, variables: variables))
  }

  /// Puts the kernels into the backend's queue, in order.
  public func run() throws(BackendError) {
    for dispatch in dispatches {
      for (index, argument) in dispatch.variables {
        switch argument {
        case .variableFloat(let read): try dispatch.kernel.setArgument(index, read())
        case .variableULong(let read, let allowed):
          let value = read()
          guard allowed.contains(value) else {
            throw .invalidOperation(operation: operation, reason: "\(value) is not in \(allowed)")
          }
          try dispatch.kernel.setArgument(index, try narrow(value) as UInt64)
        default: break
        }
      }
      do throws(BackendError) {
        try backend.enqueue(dispatch.kernel, over: dispatch.range)
      } catch .openCL(let error) where error.statusName == "CL_INVALID_WORK_GROUP_SIZE" {
        throw tooLargeGroup(dispatch)
      }
    }
  }

  /// A kernel may allow smaller groups than its device: registers and local memory are shared by a group. The refusal
  /// of the launch decides that and not a question before it, which Mesa's rusticl 22.3 answers with 32 for kernels
  /// that it runs in groups of 1,024.
  private func tooLargeGroup(_ dispatch: Dispatch) -> BackendError {
    let local = dispatch.range.local
    let allowed = (try? dispatch.kernel.maximumWorkGroupSize).map { ", it allows \($0)" } ?? ""
    return .invalidOperation(
      operation: operation,
      reason: "\(backend.device.name) refuses groups of \(local.0 * local.1 * local.2) work-items for kernel "
        + "\(dispatch.kernel.name)\(allowed); use another device")
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
