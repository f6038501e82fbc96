import CVectorLoops
import Runtime

/// Gradient of a convolution's weights, in either direction: for each tap, one image's pixels, transposed, times the
/// other's. `convolution_filter.c` says how.
///
/// The positions are summed in parts that depend on the shape alone, and the parts are added in order, so the bits do
/// not depend on the threads.
final class ConvolutionFilter {
  /// How the work is split.
  struct Plan {
    /// Channels of the rows in one task.
    let channels: Int
    /// Parts that the positions are summed in.
    let parts: Int
    let partPositions: Int
    let byteCount: Int
    fileprivate let scratchStart: Int
    fileprivate let scratchStride: Int
    fileprivate let partsStart: Int

    /// Enough tasks for many cores while a part is worth its place in memory.
    private static let wantedTasks = 32
    private static let smallestPart = 512
    private static let partsLimit = 16 << 20

    init(_ shape: ConvolutionShape, pool: ThreadPool) {
      // Nothing is checked yet where a plan is asked for its bytes: no division by an empty tensor's sizes.
      let rows = max(1, shape.rowsAreLarge ? shape.largeChannels : shape.smallChannels)
      let positions = max(1, shape.smallPixelCount)
      channels = rows <= Int(CONVOLUTION_FILTER_CHANNELS) ? rows : 64
      let blocks = (rows + channels - 1) / channels
      let gradientBytes = max(1, shape.weightCount) * MemoryLayout<Float>.stride
      let wanted = max(
        1, min(Self.wantedTasks / blocks, positions / Self.smallestPart, Self.partsLimit / gradientBytes))
      partPositions = (positions + wanted - 1) / wanted
      parts = (positions + partPositions - 1) / partPositions
      scratchStride = (convolution_filter_scratch_bytes() + 63) / 64 * 64
      var layout = WorkspaceLayout()
      scratchStart = layout.add(byteCount: pool.workerCount * scratchStride)
      partsStart = parts > 1 ? layout.add(byteCount: parts * gradientBytes) : 0
      byteCount = layout.byteCount
    }
  }

  private let plan: Plan
  private let shape: ConvolutionShape
  private let filter: UnsafeMutablePointer<convolution_filter>
  private let taps: UnsafeMutableBufferPointer<convolution_tap>
  private let gradient: UnsafeMutablePointer<Float>
  private let accumulate: Bool
  private let pool: ThreadPool
  private let workspace: UnsafeMutableRawPointer

  init(
    _ shape: ConvolutionShape, large: HostTensor<Float>, small: HostTensor<Float>,
    gradient: UnsafeMutablePointer<Float>, accumulate: Bool, pool: ThreadPool, workspace: UnsafeMutableRawPointer
  ) {
    self.shape = shape
    self.gradient = gradient
    self.accumulate = accumulate
    self.pool = pool
    self.workspace = workspace
    plan = Plan(shape, pool: pool)
    taps = .allocate(capacity: shape.geometry.taps)
    _ = taps.initialize(from: shape.taps)
    func image(_ tensor: HostTensor<Float>, step: Int, shifted: Bool) -> convolution_image {
      convolution_image(
        pixels: tensor.pointer, pixel_stride: tensor.pixelStride, height: Int32(tensor.height),
        width: Int32(tensor.width), channels: tensor.channels, step: Int32(step), shifted: shifted)
    }
    let largeImage = image(large, step: shape.geometry.stride, shifted: true)
    let smallImage = image(small, step: 1, shifted: false)
    filter = .allocate(capacity: 1)
    filter.initialize(
      to: convolution_filter(
        rows: shape.rowsAreLarge ? largeImage : smallImage, columns: shape.rowsAreLarge ? smallImage : largeImage,
        height: Int32(shape.smallHeight), width: Int32(shape.smallWidth),
        taps: taps.baseAddress.map { UnsafePointer($0) }, tap_count: taps.count))
  }

  deinit {
    filter.deallocate()
    taps.deallocate()
  }

  func run() {
    let plan = plan
    let filter = filter
    let rows = filter.pointee.rows.channels
    let blocks = (rows + plan.channels - 1) / plan.channels
    let parts = (workspace + plan.partsStart).assumingMemoryBound(to: Float.self)
    let weightCount = shape.weightCount
    let positions = shape.smallPixelCount
    pool.run(count: blocks * plan.parts) { index, worker in
      let part = index / blocks
      let first = index % blocks * plan.channels
      convolution_filter_run(
        filter, part * plan.partPositions, min(positions, (part + 1) * plan.partPositions), first,
        min(rows, first + plan.channels), plan.parts > 1 ? parts + part * weightCount : gradient,
        plan.parts == 1 && accumulate, workspace + plan.scratchStart + worker * plan.scratchStride)
    }
    if plan.parts > 1 {
      sumParts(parts, count: weightCount, parts: plan.parts, to: gradient, accumulate: accumulate, on: pool)
    }
  }
}
