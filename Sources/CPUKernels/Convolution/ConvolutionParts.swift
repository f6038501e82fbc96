import CVectorLoops

/// to (+)= the sum of `parts` runs of `count` floats, added in order.
func sumParts(
  _ from: UnsafePointer<Float>, count: Int, parts: Int, to: UnsafeMutablePointer<Float>, accumulate: Bool,
  on pool: ThreadPool
) {
  let slice = 4096
  pool.run(count: (count + slice - 1) / slice) { index, _ in
    let first = index * slice
    sum_parts(from + first, count, parts, min(slice, count - first), to + first, accumulate)
  }
}
