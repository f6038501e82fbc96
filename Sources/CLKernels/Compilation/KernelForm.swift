import Runtime

/// A kernel as one launch runs it, without its memory: all that a driver needs to compile it.
struct KernelForm: Codable, Hashable, Sendable {
  /// The value of one of the kernel's parameters; memory stands for its size.
  enum Argument: Codable, Hashable, Sendable {
    case memory(byteCount: Int)
    case null
    case int(Int32)
    case uint(UInt32)
    case ulong(UInt64)
    case float(bitPattern: UInt32)
  }

  /// The function's name.
  let kernel: String
  let arguments: [Argument]
  /// Work-groups, and work-items of each, in three directions.
  private let groups: [Int]
  private let local: [Int]

  init(_ kernel: String, _ arguments: [Argument], over range: CLRange) {
    self.kernel = kernel
    self.arguments = arguments
    local = [range.local.0, range.local.1, range.local.2]
    groups = [
      range.global.0 / range.local.0, range.global.1 / range.local.1, range.global.2 / range.local.2,
    ]
  }

  /// The parts that decide about the compiled code: PoCL compiles a kernel for each size of its groups, and another
  /// time for ranges that are wide.
  var identity: String {
    let isWide = zip(groups, local).contains { $0 * $1 > Int(UInt16.max) }
    return "\(kernel) \(local)" + (isWide ? " wide" : "")
  }

  /// Runs the kernel once, on memory of its own that holds zeros, and waits for its end: drivers that compile at the
  /// launch have compiled it then. Does nothing where that would take much memory.
  func run(in program: CLProgram, on queue: CLQueue) throws(BackendError) {
    guard scratchByteCount <= Self.largestScratchByteCount, groups.count == 3, local.count == 3 else { return }
    let kernel = try CLKernel(kernel, in: program)
    for (index, argument) in arguments.enumerated() {
      switch argument {
      case .memory(let byteCount):
        let memory = try CLMemory(context: program.context, byteCount: byteCount)
        try queue.fill(memory, with: 0, byteOffset: 0, byteCount: byteCount)
        try kernel.setArgument(index, memory)
      case .null: try kernel.setArgumentToNull(index)
      case .int(let value): try kernel.setArgument(index, value)
      case .uint(let value): try kernel.setArgument(index, value)
      case .ulong(let value): try kernel.setArgument(index, value)
      case .float(let bitPattern): try kernel.setArgument(index, Float(bitPattern: bitPattern))
      }
    }
    // All groups: some kernels divide by their number.
    let range = CLRange(groups: (groups[0], groups[1], groups[2]), local: (local[0], local[1], local[2]))
    try queue.enqueue(kernel, over: range)
    try queue.finish()
  }

  private var scratchByteCount: Int {
    arguments.reduce(0) { sum, argument in
      if case .memory(let byteCount) = argument { sum + byteCount } else { sum }
    }
  }

  /// Bytes that a device can surely spare for a moment. What needs more, such as all parameters of a large network, has
  /// simple kernels, which are compiled quickly when they are launched.
  private static let largestScratchByteCount = 256 << 20
}
