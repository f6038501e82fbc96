import CVectorLoops
import Runtime

/// The sum of a loss over blocks of elements: one partial sum in double precision per block, added up in their order,
/// so that the loss does not depend on the threads.
struct LossSum {
  let workspace: Workspace
  private let partials: Workspace.Part<Double>
  private let blocks: ElementBlocks
  /// Elements in all.
  private let count: Int

  init(_ blocks: ElementBlocks, count: Int) {
    self.blocks = blocks
    self.count = count
    var workspace = Workspace()
    partials = workspace.add(blocks.count, of: Double.self)
    self.workspace = workspace
  }

  /// Returns a launch's body: it calls `body(block, partial sum)` for every block on `pool` and adds the mean over all
  /// elements to the one element of `loss`.
  func bind(
    _ binding: inout Binding, loss: Tensor, on pool: ThreadPool,
    _ body: @escaping (ElementBlocks.Block, UnsafeMutablePointer<Double>) -> Void
  ) throws(BackendError) -> Binding.Body {
    let loss = try binding.vector(loss)
    let partials = try binding.pointer(to: partials)
    let (blocks, count) = (blocks, count)
    return {
      pool.run(count: blocks.count) { index, _ in body(blocks[index], partials + index) }
      var sum = 0.0
      for index in 0..<blocks.count { sum += partials[index] }
      loss.pointee += Float(sum / Double(count))
    }
  }
}

extension vector_loss_gradient {
  /// The part of a gradient, if there is one, in `block`.
  init(_ gradient: HostTensor<Float>?, _ block: ElementBlocks.Block, factor: Float, accumulate: Bool) {
    self.init(
      rows: gradient?.rows(of: block) ?? vector_rows(start: nil, stride: 0), factor: factor, accumulate: accumulate)
  }
}
