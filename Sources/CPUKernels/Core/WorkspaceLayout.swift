/// Parts of one scratch range, each on a cache line.
struct WorkspaceLayout {
  private(set) var byteCount = 0

  /// Room for `byteCount` bytes; returns where it starts.
  mutating func add(byteCount size: Int) -> Int {
    let start = byteCount
    byteCount += (size + HostMemory.alignment - 1) / HostMemory.alignment * HostMemory.alignment
    return start
  }

  /// Room for `count` floats; returns the byte where it starts.
  mutating func add(floats count: Int) -> Int { add(byteCount: count * MemoryLayout<Float>.stride) }
}
