import CVectorLoops
import Runtime

/// A sum over pixels or tiles in parts that depend on the shape alone and are added in order, so that the bits do not
/// depend on the threads.
struct PartialSums {
  /// Parts in all.
  let count: Int
  /// Pixels or tiles of each part but the last.
  let size: Int
  /// Pixels or tiles in all.
  private let units: Int
  /// Tasks that each part is divided into.
  private(set) var blocks: Int
  /// Elements of the result.
  private let elementCount: Int
  /// `[count][elementCount]`; nil for one part, which is the result.
  private let parts: Workspace.Part<Float>?

  private static let wantedTasks = 32

  /// - Parameters:
  ///   - units: pixels or tiles in all.
  ///   - smallest: fewer units in a part cost more to add up than they gain.
  ///   - blocks: tasks that each part is divided into.
  ///   - elementCount: elements of the result.
  ///   - byteLimit: bytes of all parts' sums.
  init(
    units: Int, smallest: Int, blocks: Int, elementCount: Int, byteLimit: Int = 16 << 20,
    _ workspace: inout Workspace
  ) {
    (self.units, self.blocks, self.elementCount) = (units, blocks, elementCount)
    let byteCount = elementCount * MemoryLayout<Float>.stride
    let wanted = max(1, min(Self.wantedTasks / blocks, units / smallest, byteLimit / byteCount))
    size = ceilDivide(units, wanted)
    count = ceilDivide(units, size)
    parts = count > 1 ? workspace.add(count * elementCount, of: Float.self) : nil
  }

  /// Returns the same sums, each part divided into `blocks` tasks.
  func divided(into blocks: Int) -> PartialSums {
    var sums = self
    sums.blocks = blocks
    return sums
  }

  /// Returns a function that calls `body` for each part and block on `pool`, with the part's index, the memory for its
  /// sum and whether to add to it, and then adds the parts up.
  func bind(
    result: UnsafeMutablePointer<Float>, accumulate: Bool, on pool: ThreadPool, _ binding: Binding,
    _ body:
      @escaping (
        _ part: Int, _ units: Range<Int>, _ block: Int, _ sum: UnsafeMutablePointer<Float>, _ accumulate: Bool,
        _ worker: Int
      ) -> Void
  ) throws(BackendError) -> () -> Void {
    let (count, size, units, blocks, elementCount) = (count, size, units, blocks, elementCount)
    guard let parts else {
      return {
        pool.run(count: blocks) { block, worker in body(0, 0..<units, block, result, accumulate, worker) }
      }
    }
    let sums = try binding.pointer(to: parts)
    return {
      pool.run(count: blocks * count) { index, worker in
        let (part, block) = index.quotientAndRemainder(dividingBy: blocks)
        body(
          part, part * size..<min(units, (part + 1) * size), block, sums + part * elementCount, false, worker)
      }
      let slice = 4096
      pool.run(count: ceilDivide(elementCount, slice)) { index, _ in
        let first = index * slice
        sum_parts(
          sums + first, elementCount, count, min(slice, elementCount - first), result + first, accumulate)
      }
    }
  }
}
