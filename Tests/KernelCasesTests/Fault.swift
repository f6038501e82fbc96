import KernelCases
import Runtime

/// An error of a kernel, planted to show that the runner finds it.
enum Fault: CaseIterable, Sendable {
  /// One output is off by more than the tolerance.
  case wrongValue
  /// One output is off by less than the tolerance: the only fault that must pass.
  case rounding
  /// One output still holds poison.
  case outputNotWritten
  case infinity
  /// A vector store runs over the last pixel's channels into its neighbours in the storage.
  case storeIntoNextChannel
  case changesInput
  case byteBefore
  case byteAfter
  case byteAfterWorkspace
  /// Each run gives other bits, all within the tolerance.
  case differsEachRun
  /// A result that depends on the workspace's old contents.
  case readsWorkspace
  /// Reads the operation's variables when it is planned.
  case readsVariablesEarly

  /// Damages the results that `operation` just wrote.
  func inject(into operation: any Operation, workspace: HostMemory?, run: Int) throws(BackendError) {
    guard let output = operation.writes.first, let input = operation.reads.first else { return }
    switch self {
    case .wrongValue: try change(output) { $0 + 1e-3 }
    case .rounding: try change(output) { $0 * (1 + 1e-6) }
    case .outputNotWritten: try change(output) { _ in .nan }
    case .infinity: try change(output) { _ in .infinity }
    case .storeIntoNextChannel:
      let next = output.end
      try Tensor(storage: output.storage, shape: Shape(vector: 1), offset: next).write(ReferenceTensor(vector: [0]))
    case .changesInput: try change(input) { $0 + 1 }
    case .byteBefore: try output.hostMemory().bytes.baseAddress?.storeBytes(of: 0, toByteOffset: -5, as: UInt8.self)
    case .byteAfter:
      let memory = try output.hostMemory()
      memory.bytes.baseAddress?.storeBytes(of: 0, toByteOffset: memory.byteCount + 2, as: UInt8.self)
    case .byteAfterWorkspace:
      workspace?.bytes.baseAddress?.storeBytes(of: 0, toByteOffset: ReferenceBackend.workspaceByteCount, as: UInt8.self)
    case .readsVariablesEarly: break
    case .differsEachRun: try change(output) { $0 * (1 + Double(run) * 1e-6) }
    case .readsWorkspace:
      let old = Double(workspace?.bytes.loadUnaligned(as: Float.self) ?? 0)
      try change(output) { $0 + old }
    }
  }

  /// Changes the last element.
  private func change(_ tensor: Tensor, _ transform: (Double) -> Double) throws(BackendError) {
    var values = try tensor.read()
    let last = values.values.count - 1
    values[last] = transform(values[last])
    try tensor.write(values)
  }
}
