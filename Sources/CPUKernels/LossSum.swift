import Runtime

/// The partial sums of a loss: one number in double precision per block of elements, added up in their order, so that
/// the loss does not depend on which thread did what.
struct LossSum {
  let blocks: ElementBlocks
  private let partials: UnsafeMutablePointer<Double>
  private let loss: UnsafeMutablePointer<Float>
  private let count: Int

  /// Bytes of workspace for a loss over tensors of `shape`.
  static func workspaceByteCount(_ shape: Shape) -> Int {
    // Dense or not is not known yet: the one that needs more.
    let counts = [true, false].map { isDense in
      ElementBlocks(pixelCount: shape.pixelCount, channels: shape.channels, isDense: isDense).count
    }
    return max(counts[0], counts[1]) * MemoryLayout<Double>.stride
  }

  /// For tensors of `shape`, all of them dense or not; the mean over all elements is added to the one of `loss`.
  init(_ shape: Shape, isDense: Bool, loss: Tensor, workspace: DeviceMemory?, binding: inout Binding)
    throws(BackendError)
  {
    blocks = ElementBlocks(pixelCount: shape.pixelCount, channels: shape.channels, isDense: isDense)
    count = shape.count
    self.loss = try binding.vector(loss, count: 1)
    partials = try binding.workspace(workspace, of: Double.self, count: blocks.count)
  }

  /// Calls `body(block, partial sum)` for every block on `pool`, then adds the mean to the loss.
  func run(on pool: ThreadPool, _ body: (ElementBlocks.Block, UnsafeMutablePointer<Double>) -> Void) {
    pool.run(count: blocks.count) { index, _ in body(blocks[index], partials + index) }
    var sum = 0.0
    for index in 0..<blocks.count { sum += partials[index] }
    loss.pointee += Float(sum / Double(count))
  }
}
