import Runtime

/// What the three losses have in common: two kernels, one that makes the gradient and a partial sum per block of elements,
/// one that adds the partial sums to the loss (kernels/loss.h).
struct Loss {
  let operation: String
  /// Stem of the kernel file and of its two kernels.
  let file: String
  let prediction: Tensor
  /// A tensor, or the one number that serves all elements.
  let target: Target
  let loss: Tensor
  let gradient: Tensor?
  let weight: Float
  let accumulate: Bool

  enum Target {
    case tensor(Tensor)
    case constant(Float)

    var tensor: Tensor? { if case .tensor(let tensor) = self { tensor } else { nil } }
    var argument: KernelArgument {
      switch self {
      case .tensor(let tensor): .tensor(tensor)
      case .constant(let value): .float(value)
      }
    }
  }

  /// Elements of a block, the same for all bodies. Together with the size of a group it decides the bits of the result.
  static let block = 4096

  static func workspaceByteCount(count: Int) -> Int { (count + block - 1) / block * 4 }

  func prepare(on backend: CLBackend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    let tensors = [prediction] + [target.tensor, gradient].compactMap { $0 }
    try backend.requireSameShape(tensors, for: operation)
    try backend.requireVector(loss, count: 1, for: operation)
    let count = prediction.shape.count
    let blocks = (count + Loss.block - 1) / Loss.block
    let partialSums = try backend.workspace(workspace, byteCount: Loss.workspaceByteCount(count: count), for: operation)
    let group = backend.bodies == .cpu ? 1 : backend.reductionGroupSize
    let definitions: KeyValuePairs<String, any KernelConstant> = [
      "BLOCK": Loss.block, "GROUP": group, "DENSE": tensors.allSatisfy(\.isDense),
      "WITH_GRADIENT": gradient != nil, "ACCUMULATE": accumulate,
    ]
    let launch = CLLaunch(operation, on: backend)
    try launch.add(
      "\(file)_blocks", in: "\(file).cl", definitions: definitions,
      arguments: [.tensor(prediction), target.argument] + (gradient.map { [.tensor($0)] } ?? []) + [
        .memory(partialSums), .uint(prediction.shape.channels), .uint(count), .float(weight / Float(count)),
      ],
      over: CLRange(groups: (blocks, 1, 1), local: (group, 1, 1)))
    try launch.add(
      "\(file)_sum", in: "\(file).cl", definitions: definitions,
      arguments: [.memory(partialSums), .uint(blocks), .tensor(loss), .float(1 / Float(count))],
      over: CLRange(groups: (1, 1, 1), local: (group, 1, 1)))
    return launch
  }
}
