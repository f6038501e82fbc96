import Runtime

extension CLBackend {
  public func plan(_ operation: PixelwiseLoss) -> PlannedOperation {
    let kind =
      switch operation.kind {
      case .l1: "LOSS_L1"
      case .meanSquared: "LOSS_MEAN_SQUARED"
      }
    return planLoss(
      "pixelwise_loss", kind: kind, of: operation.prediction, .tensor(operation.target), weights: operation.weights,
      loss: operation.loss, gradient: operation.gradient, weight: operation.weight, accumulate: operation.accumulate,
      isDense: operation.prediction.isDense && operation.target.isDense, for: operation.title)
  }

  /// Returns a plan of two kernels: one writes the gradient and a partial sum of each block of elements, the other adds
  /// the partial sums to the loss (kernels/loss.h).
  /// - Parameters:
  ///   - file: stem of the kernel file's name and of the two kernels'.
  ///   - kind: the file's constant `KIND`, where it has one.
  ///   - target: a tensor, or one number for all elements.
  ///   - weights: factors of each pixel's errors; nil for none.
  ///   - isDense: whether `prediction` and the target are.
  func planLoss(
    _ file: String, kind: String = "0", of prediction: Tensor, _ target: KernelArgument, weights: Tensor? = nil,
    loss: Tensor, gradient: Tensor?, weight: Float, accumulate: Bool, isDense: Bool, for title: String
  ) -> PlannedOperation {
    // The same for all devices: with the size of a group it decides the bits of the result.
    let block = 4096
    let count = prediction.shape.count
    let blocks = ceilDivide(count, block)
    let group = bodies == .cpu ? 1 : reductionGroupSize
    let definitions: KeyValuePairs<String, any KernelConstant> = [
      "BLOCK": block, "GROUP": group, "DENSE": isDense && gradient?.isDense != false,
      "WITH_GRADIENT": gradient != nil, "ACCUMULATE": accumulate, "KIND": kind,
      "WEIGHTED_CHANNELS": weights == nil ? 0 : prediction.shape.channels,
    ]
    let byteCount = blocks * ElementType.float32.byteCount
    return plan(title, workspaceByteCount: byteCount) { (launch, partialSums) throws(BackendError) in
      try launch.add(
        "\(file)_blocks", in: "\(file).cl", definitions: definitions,
        arguments: [.tensor(prediction), target] + [weights, gradient].compactMap { $0.map { .tensor($0) } } + [
          .memory(partialSums), .uint(prediction.shape.channels), .uint(count), .float(weight / Float(count)),
        ],
        over: CLRange(groups: (blocks, 1, 1), local: (group, 1, 1)))
      try launch.add(
        "\(file)_sum", in: "\(file).cl", definitions: definitions,
        arguments: [.memory(partialSums), .uint(blocks), .tensor(loss), .float(1 / Float(count))],
        over: CLRange(groups: (1, 1, 1), local: (group, 1, 1)))
    }
  }
}
