import CVectorLoops
import Runtime

/// A 3 × 3 convolution with stride 1 and padding 1, in either direction, by minimal filtering. `winograd.c` says how.
final class ConvolutionWinograd {
  /// How the work is split. Both ways give the same bits.
  struct Plan {
    enum Order {
      /// All weights are transformed first; then each task takes `block` tiles through all outputs. For large maps.
      case byTiles(block: Int)
      /// `pass` tiles are transformed first; then each task takes one panel of outputs and transforms its weights on the
      /// way, so that many weights are read once and never written. For small maps with many channels.
      case byPanels(pass: Int)
    }

    let kind: winograd_kind
    let order: Order
    let tiles: Int
    let panels: Int
    let byteCount: Int
    /// Transformed weights or transformed tiles.
    fileprivate let sharedStart: Int
    fileprivate let scratchStart: Int
    fileprivate let scratchStride: Int

    /// Fewer tiles do not pay for the transform of the weights.
    private static let fewestTiles = 4
    private static let weightsLimit = 48 << 20
    private static let tilesLimit = 24 << 20

    /// Pixels of each part of the statistics.
    func partCounts(_ shape: ConvolutionShape) -> [Int] {
      let size = Int(WINOGRAD_PART_TILES)
      let (height, width) = (shape.smallHeight, shape.smallWidth)
      let side = kind == winograd_tile_4x4 ? 4 : 2
      let across = (width + side - 1) / side
      let tilesPerImage = tiles / shape.batch
      return stride(from: 0, to: tiles, by: size).map { first in
        (first..<min(tiles, first + size)).reduce(0) { count, tile in
          let (row, column) = (tile % tilesPerImage).quotientAndRemainder(dividingBy: across)
          return count + min(side, height - row * side) * min(side, width - column * side)
        }
      }
    }

    /// Nil where another algorithm is better: few or odd channels, hardly any tiles.
    init?(_ shape: ConvolutionShape, toLarge: Bool, pool: ThreadPool) {
      let channels = toLarge ? shape.smallChannels : shape.largeChannels
      let outputs = toLarge ? shape.largeChannels : shape.smallChannels
      guard let kind = Winograd.kind(shape), channels % Winograd.channelStep == 0, channels > 0,
        channels <= Int(WINOGRAD_MOST_CHANNELS), outputs >= Winograd.channelStep
      else { return nil }
      tiles = Winograd.tileCount(kind, shape)
      guard tiles >= Self.fewestTiles else { return nil }
      self.kind = kind
      panels = (outputs + Winograd.panelWidth - 1) / Winograd.panelWidth
      let float = MemoryLayout<Float>.stride
      let weightBytes = panels * winograd_weights_count(kind, channels) * float
      // Measured at batch 64 on one core: 512 → 512 channels at 4 × 4 (64 tiles) 670 GFLOP/s by panels and 430 by tiles,
      // 256 → 256 at 8 × 8 (256 tiles) 470 and 600, 128 → 128 at 4 × 4 no difference.
      let block = channels >= 512 ? 64 : 32
      let tooFewBlocks = (tiles + block - 1) / block < pool.workerCount
      var layout = WorkspaceLayout()
      if tiles * 2 <= outputs || tooFewBlocks || weightBytes > Self.weightsLimit {
        let tileBytes = winograd_source_count(kind, 64, channels) * float / 64
        let pass = min(tiles, max(64, Self.tilesLimit / tileBytes / 64 * 64))
        order = .byPanels(pass: pass)
        sharedStart = layout.add(floats: winograd_source_count(kind, pass, channels))
        scratchStride = (winograd_panel_scratch_bytes(kind) + 63) / 64 * 64
      } else {
        order = .byTiles(block: block)
        sharedStart = layout.add(byteCount: weightBytes)
        scratchStride =
          (max(
            winograd_weights_scratch_bytes(),
            winograd_panel_scratch_bytes(kind) + winograd_source_count(kind, block, channels) * float) + 63) / 64 * 64
      }
      scratchStart = layout.add(byteCount: pool.workerCount * scratchStride)
      byteCount = layout.byteCount
    }
  }

  private let plan: Plan
  private let convolution: UnsafeMutablePointer<winograd_convolution>
  private let pool: ThreadPool
  private let shared: UnsafeMutablePointer<Float>
  private let scratch: UnsafeMutableRawPointer
  private let statistics: ConvolutionStatistics?

  init(
    _ plan: Plan, _ shape: ConvolutionShape, toLarge: Bool, source: HostTensor<Float>, target: HostTensor<Float>,
    weights: UnsafePointer<Float>, bias: UnsafePointer<Float>?, statistics: ConvolutionStatistics?, pool: ThreadPool,
    workspace: UnsafeMutableRawPointer
  ) {
    self.statistics = statistics
    self.plan = plan
    self.pool = pool
    shared = (workspace + plan.sharedStart).assumingMemoryBound(to: Float.self)
    scratch = workspace + plan.scratchStart
    let rowsAreSource = shape.rowsAreLarge != toLarge
    convolution = .allocate(capacity: 1)
    convolution.initialize(
      to: winograd_convolution(
        kind: plan.kind, source: Winograd.image(source), target: Winograd.image(target), weights: weights,
        weight_channel_stride: rowsAreSource ? target.channels : 1,
        weight_output_stride: rowsAreSource ? 1 : source.channels, flipped: toLarge, bias: bias,
        mean: statistics?.mean, squares: statistics?.squares))
  }

  deinit { convolution.deallocate() }

  func run() {
    switch plan.order {
    case .byTiles(let block): runByTiles(block)
    case .byPanels(let pass): runByPanels(pass)
    }
    statistics?.finish()
  }

  private func runByTiles(_ block: Int) {
    let plan = plan
    let convolution = convolution
    let shared = shared
    let scratch = scratch
    let panelCount = winograd_weights_count(plan.kind, convolution.pointee.source.channels)
    pool.run(count: plan.panels) { panel, worker in
      winograd_transform_weights(
        convolution, panel, shared + panel * panelCount, scratch + worker * plan.scratchStride)
    }
    let panelScratch = winograd_panel_scratch_bytes(plan.kind)
    pool.run(count: (plan.tiles + block - 1) / block) { index, worker in
      let own = scratch + worker * plan.scratchStride
      let transformed = (own + panelScratch).assumingMemoryBound(to: Float.self)
      let first = index * block
      let end = min(plan.tiles, first + block)
      winograd_transform_source(convolution, first, end, first, block, transformed)
      for panel in 0..<plan.panels {
        winograd_run_panel(
          convolution, transformed, shared + panel * panelCount, first, end, first, block, panel, own)
      }
    }
  }

  private func runByPanels(_ pass: Int) {
    let plan = plan
    let convolution = convolution
    let shared = shared
    let scratch = scratch
    let slice = 8
    for origin in stride(from: 0, to: plan.tiles, by: pass) {
      let end = min(plan.tiles, origin + pass)
      pool.run(count: (end - origin + slice - 1) / slice) { index, _ in
        let first = origin + index * slice
        winograd_transform_source(convolution, first, min(end, first + slice), origin, pass, shared)
      }
      pool.run(count: plan.panels) { panel, worker in
        winograd_run_panel(
          convolution, shared, nil, origin, end, origin, pass, panel, scratch + worker * plan.scratchStride)
      }
    }
  }
}
