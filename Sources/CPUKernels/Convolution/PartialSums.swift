import CVectorLoops
import Runtime

/// A sum over pixels or tiles in parts that depend on the shape alone and are added in order, so that the bits do not
/// depend on the threads.
struct PartialSums {
  /// Parts in all.
  let count: Int
  /// Pixels or tiles of each part but the last.
  private let size: Int
  /// Pixels or tiles of each pass but the last: of whole parts, or of one.
  let pass: Int
  /// Pixels or tiles in all.
  let units: Int
  /// Tasks that each part is divided into.
  private let blocks: Int
  /// Elements of the result.
  private let elementCount: Int
  /// `[count][elementCount]`; nil for one part, which is the result.
  private let parts: Workspace.Part<Float>?

  private static let byteLimit = 16 << 20

  /// - Parameters:
  ///   - units: pixels or tiles in all.
  ///   - smallest: fewer units in a part cost more to add up than they gain.
  ///   - pass: units of a pass at most.
  ///   - tasks: tasks that are enough for many threads.
  ///   - blocks: tasks that each part is divided into.
  ///   - elementCount: elements of the result.
  init(
    units: Int, smallest: Int, pass: Int = .max, tasks: Int = 32, blocks: Int, elementCount: Int,
    _ workspace: inout Workspace
  ) {
    (self.units, self.blocks, self.elementCount) = (units, blocks, elementCount)
    let byteCount = elementCount * MemoryLayout<Float>.stride
    let limit = max(1, Self.byteLimit / byteCount)
    var wanted = max(1, min(tasks / blocks, units / smallest, limit))
    // A pass is whole parts, or there are no parts.
    let passes = max(1, (units - 1) / pass + 1)
    if wanted > 1, passes > wanted { wanted = passes <= limit ? passes : 1 }
    size = ceilDivide(units, wanted)
    count = ceilDivide(units, size)
    parts = count > 1 ? workspace.add(count * elementCount, of: Float.self) : nil
    self.pass = count > 1 ? min(units, pass / size * size) : min(units, pass)
  }

  /// Passes in all.
  var passCount: Int { ceilDivide(units, pass) }

  /// Returns a function that calls `body` for each part and block on `pool`, with the part's index and units, the memory
  /// for its sum and whether to add to it, and then adds the parts up. `prepare` is called before each pass, with its
  /// index and units.
  func bind(
    result: UnsafeMutablePointer<Float>, accumulate: Bool, on pool: ThreadPool, _ binding: Binding,
    prepare: ((_ pass: Int, _ units: Range<Int>) -> Void)? = nil,
    _ body:
      @escaping (
        _ part: Int, _ units: Range<Int>, _ block: Int, _ sum: UnsafeMutablePointer<Float>, _ accumulate: Bool,
        _ worker: Int
      ) -> Void
  ) throws(BackendError) -> () -> Void {
    let (count, size, units, blocks, elementCount) = (count, size, units, blocks, elementCount)
    let (pass, passParts) = (pass, ceilDivide(pass, size))
    guard let parts else {
      return {
        for (index, first) in stride(from: 0, to: units, by: pass).enumerated() {
          let range = first..<min(units, first + pass)
          prepare?(index, range)
          pool.run(count: blocks) { block, worker in
            body(0, range, block, result, accumulate || first > 0, worker)
          }
        }
      }
    }
    let sums = try binding.pointer(to: parts)
    return {
      for (index, first) in stride(from: 0, to: count, by: passParts).enumerated() {
        let end = min(count, first + passParts)
        prepare?(index, first * size..<min(units, end * size))
        pool.run(count: blocks * (end - first)) { index, worker in
          let part = first + index / blocks
          body(
            part, part * size..<min(units, (part + 1) * size), index % blocks, sums + part * elementCount, false,
            worker)
        }
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
