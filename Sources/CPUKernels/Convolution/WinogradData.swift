import CVectorLoops
import Runtime

/// The data sum by Winograd's algorithm: 3 × 3 with stride 1 or 2, and 4 × 4 with stride 2. `winograd_data.c` has the
/// loops.
struct WinogradData: ConvolutionAlgorithm {
  /// The order of the work. Both orders give the same bits.
  enum Order {
    /// All weights are transformed first; then each task takes `block` tiles through all result channels. For large
    /// maps.
    case byTiles(block: Int, weights: Workspace.Part<Float>)
    /// `pass` tiles are transformed first; then each task takes one panel of result channels and transforms its weights
    /// as it needs them, so that they are read once and never written. For small maps with many channels.
    case byPanels(pass: Int, tiles: Workspace.Part<Float>)
  }

  let workspace: Workspace
  let kind: winograd_kind
  let order: Order
  private let scratch: Workspace.WorkerParts
  private let tiles: Int
  private let panels: Int
  private let panelWidth: Int
  private let problem: ConvolutionProblem
  private let pool: ThreadPool
  private let blas: BLAS?

  /// Fewer tiles do not pay for the transform of the weights.
  private static let fewestTiles = 4
  private static let weightsLimit = 48 << 20
  private static let tilesLimit = 24 << 20

  /// Nil where another algorithm is better: few or odd channels, hardly any tiles.
  /// - Parameter blas: the library that multiplies; nil for the vector loops.
  init?(_ problem: ConvolutionProblem, on pool: ThreadPool, _ blas: BLAS?) {
    let (channels, outputs) = (problem.source.shape.channels, problem.result.shape.channels)
    guard let kind = winograd_kind(for: problem), channels.isMultiple(of: Int(WINOGRAD_CHANNEL_STEP)),
      channels <= Int(WINOGRAD_MOST_CHANNELS), outputs >= Int(WINOGRAD_CHANNEL_STEP)
    else { return nil }
    tiles = kind.tileCount(problem.map.shape)
    guard tiles >= Self.fewestTiles else { return nil }
    self.problem = problem
    self.pool = pool
    self.blas = blas
    self.kind = kind
    panelWidth = winograd_panel_width(blas != nil)
    panels = ceilDivide(outputs, panelWidth)
    let float = MemoryLayout<Float>.stride
    let weightCount = panels * winograd_weights_count(kind, channels, panelWidth)
    // Measured at batch 64 on one core: 512 → 512 channels at 4 × 4 (64 tiles) 670 GFLOP/s by panels and 430 by tiles,
    // 256 → 256 at 8 × 8 (256 tiles) 470 and 600, 128 → 128 at 4 × 4 no difference.
    // The bits of a library's products may depend on their rows: in both orders 64.
    let block = channels >= 512 || blas != nil ? 64 : 32
    let tooFewBlocks = ceilDivide(tiles, block) < pool.workerCount
    var workspace = Workspace()
    if tiles * 2 <= outputs || tooFewBlocks || weightCount * float > Self.weightsLimit {
      let tileBytes = winograd_input_count(kind, 64, channels) * float / 64
      let pass = min(tiles, max(64, Self.tilesLimit / tileBytes / 64 * 64))
      order = .byPanels(pass: pass, tiles: workspace.add(winograd_input_count(kind, pass, channels), of: Float.self))
      scratch = workspace.add(byteCount: winograd_panel_scratch_bytes(kind, panelWidth), perWorkerOf: pool)
    } else {
      order = .byTiles(block: block, weights: workspace.add(weightCount, of: Float.self))
      let blockBytes =
        winograd_panel_scratch_bytes(kind, panelWidth) + winograd_input_count(kind, block, channels) * float
      scratch = workspace.add(byteCount: max(winograd_weights_scratch_bytes(panelWidth), blockBytes), perWorkerOf: pool)
    }
    self.workspace = workspace
  }

  var partCounts: [Int] {
    let size = Int(WINOGRAD_PART_TILES)
    let (height, width) = (problem.map.shape.height, problem.map.shape.width)
    let side = kind == winograd_map_2x2 ? 2 : 4
    let across = ceilDivide(width, side)
    let tilesPerImage = tiles / problem.map.shape.batch
    return stride(from: 0, to: tiles, by: size).map { first in
      (first..<min(tiles, first + size)).reduce(0) { count, tile in
        let (row, column) = (tile % tilesPerImage).quotientAndRemainder(dividingBy: across)
        return count + min(side, height - row * side) * min(side, width - column * side)
      }
    }
  }

  func bind(statistics: ConvolutionStatistics?, _ binding: inout Binding) throws(BackendError) -> () -> Void {
    let source = try binding.float32(problem.source)
    let result = try binding.float32(problem.result)
    let convolution = binding.copy([
      winograd_data(
        kind: kind, source: winograd_image(source), result: winograd_image(result),
        weights: try binding.vector(problem.weights),
        weight_source_stride: problem.readsWeightsTransposed ? 1 : result.channels,
        weight_result_stride: problem.readsWeightsTransposed ? source.channels : 1,
        flipped: problem.target == .image, bias: try binding.vector(problem.bias),
        moments: statistics?.moments ?? vector_moments(), sgemm: blas?.sgemm, panel_width: panelWidth)
    ])
    switch order {
    case .byTiles(let block, let weights):
      return byTiles(block, convolution, weights: try binding.pointer(to: weights), try binding.pointer(to: scratch))
    case .byPanels(let pass, let tiles):
      return byPanels(pass, convolution, tiles: try binding.pointer(to: tiles), try binding.pointer(to: scratch))
    }
  }

  private func byTiles(
    _ block: Int, _ convolution: UnsafePointer<winograd_data>, weights: UnsafeMutablePointer<Float>,
    _ scratch: UnsafeMutableRawPointer
  ) -> () -> Void {
    let (pool, tiles, panels, scratchStride) = (pool, tiles, panels, self.scratch.stride)
    let panelCount = winograd_weights_count(kind, problem.source.shape.channels, panelWidth)
    let panelScratch = winograd_panel_scratch_bytes(kind, panelWidth)
    return {
      pool.run(count: panels) { panel, worker in
        winograd_transform_weights(convolution, panel, weights + panel * panelCount, scratch + worker * scratchStride)
      }
      pool.run(count: ceilDivide(tiles, block)) { index, worker in
        let own = scratch + worker * scratchStride
        let transformed = (own + panelScratch).assumingMemoryBound(to: Float.self)
        let first = index * block
        let end = min(tiles, first + block)
        winograd_transform_input(convolution, first, end, first, block, transformed)
        for panel in 0..<panels {
          winograd_data_run_panel(
            convolution, transformed, weights + panel * panelCount, first, end, first, block, panel, own)
        }
      }
    }
  }

  private func byPanels(
    _ pass: Int, _ convolution: UnsafePointer<winograd_data>, tiles transformed: UnsafeMutablePointer<Float>,
    _ scratch: UnsafeMutableRawPointer
  ) -> () -> Void {
    let (pool, tiles, panels, scratchStride) = (pool, tiles, panels, self.scratch.stride)
    let slice = 8
    return {
      for origin in stride(from: 0, to: tiles, by: pass) {
        let end = min(tiles, origin + pass)
        pool.run(count: ceilDivide(end - origin, slice)) { index, _ in
          let first = origin + index * slice
          winograd_transform_input(convolution, first, min(end, first + slice), origin, pass, transformed)
        }
        pool.run(count: panels) { panel, worker in
          winograd_data_run_panel(
            convolution, transformed, nil, origin, end, origin, pass, panel, scratch + worker * scratchStride)
        }
      }
    }
  }
}
