import CVectorLoops
import Runtime

/// Gradient of the weights of a 3 × 3 convolution with stride 1 and padding 1 by minimal filtering.
/// `winograd_filter.c` says how.
///
/// Tasks are blocks of the gradient, so nothing is added up between threads; where there are too few, the tiles are
/// summed in parts that depend on the shape alone and are added in order.
final class ConvolutionWinogradFilter {
  struct Plan {
    let kind: winograd_kind
    let tiles: Int
    let channelBlocks: Int
    let outputBlocks: Int
    let parts: Int
    let partTiles: Int
    let byteCount: Int
    fileprivate let partsStart: Int
    fileprivate let scratchStart: Int
    fileprivate let scratchStride: Int

    private static let wantedTasks = 32
    /// Fewer tiles in a part cost more in inverse transforms and in adding up than they gain.
    private static let smallestPart = 64
    private static let partsLimit = 16 << 20
    static let block = Int(WINOGRAD_FILTER_BLOCK)

    /// Nil where another algorithm is better.
    init?(_ shape: ConvolutionShape, pool: ThreadPool) {
      // A transposed convolution with stride 1 would want its taps in reverse order.
      guard shape.rowsAreLarge, let kind = Winograd.kind(shape), shape.largeChannels % Winograd.channelStep == 0,
        shape.smallChannels % Winograd.channelStep == 0, shape.largeChannels > 0, shape.smallChannels > 0,
        shape.largeChannels <= Int(WINOGRAD_MOST_CHANNELS)
      else { return nil }
      self.kind = kind
      tiles = Winograd.tileCount(kind, shape)
      guard tiles > 0 else { return nil }
      channelBlocks = (shape.largeChannels + Self.block - 1) / Self.block
      outputBlocks = (shape.smallChannels + Self.block - 1) / Self.block
      let gradientBytes = shape.weightCount * MemoryLayout<Float>.stride
      let wanted = max(
        1,
        min(
          Self.wantedTasks / (channelBlocks * outputBlocks), tiles / Self.smallestPart,
          Self.partsLimit / gradientBytes))
      partTiles = (tiles + wanted - 1) / wanted
      parts = (tiles + partTiles - 1) / partTiles
      scratchStride = (winograd_filter_scratch_bytes(kind) + 63) / 64 * 64
      var layout = WorkspaceLayout()
      scratchStart = layout.add(byteCount: pool.workerCount * scratchStride)
      partsStart = parts > 1 ? layout.add(byteCount: parts * gradientBytes) : 0
      byteCount = layout.byteCount
    }
  }

  private let plan: Plan
  private let filter: UnsafeMutablePointer<winograd_filter>
  private let gradient: UnsafeMutablePointer<Float>
  private let weightCount: Int
  private let accumulate: Bool
  private let pool: ThreadPool
  private let workspace: UnsafeMutableRawPointer

  init(
    _ plan: Plan, _ shape: ConvolutionShape, large: HostTensor<Float>, small: HostTensor<Float>,
    gradient: UnsafeMutablePointer<Float>, accumulate: Bool, pool: ThreadPool, workspace: UnsafeMutableRawPointer
  ) {
    self.plan = plan
    self.gradient = gradient
    self.accumulate = accumulate
    self.pool = pool
    self.workspace = workspace
    weightCount = shape.weightCount
    filter = .allocate(capacity: 1)
    filter.initialize(
      to: winograd_filter(
        kind: plan.kind, source: Winograd.image(large), target_gradient: Winograd.image(small)))
  }

  deinit { filter.deallocate() }

  func run() {
    let plan = plan
    let filter = filter
    let weightCount = weightCount
    let parts = (workspace + plan.partsStart).assumingMemoryBound(to: Float.self)
    let blocks = plan.channelBlocks * plan.outputBlocks
    let block = Plan.block
    pool.run(count: blocks * plan.parts) { index, worker in
      let part = index / blocks
      let channel = index % blocks / plan.outputBlocks * block
      let output = index % plan.outputBlocks * block
      winograd_filter_run(
        filter, part * plan.partTiles, min(plan.tiles, (part + 1) * plan.partTiles), channel,
        min(filter.pointee.source.channels, channel + block), output,
        min(filter.pointee.target_gradient.channels, output + block),
        plan.parts > 1 ? parts + part * weightCount : gradient, plan.parts == 1 && accumulate,
        workspace + plan.scratchStart + worker * plan.scratchStride)
    }
    if plan.parts > 1 {
      sumParts(parts, count: weightCount, parts: plan.parts, to: gradient, accumulate: accumulate, on: pool)
    }
  }
}
