import Runtime

/// Device memory for one storage, with a guard zone before and after it, and the bytes that the whole should hold.
struct GuardedMemory {
  /// For messages.
  let name: String
  /// The part between the guard zones: what the kernel is given.
  let inner: DeviceMemory
  /// Guard zones and inner part.
  private let whole: DeviceMemory
  private let innerRange: Range<Int>
  /// What `reset` uploads, guard zones and all.
  private let image: [UInt8]

  /// Wide enough for a vector store and a tile's row that run over.
  private static let guardByteCount = 1024
  private static let guardByte: UInt8 = 0x5a

  /// - Parameter contents: what the inner part holds after `reset`.
  init(name: String, contents: [UInt8], on backend: any Backend) throws(BackendError) {
    let alignment = max(backend.regionAlignment, 1)
    // An odd multiple, so that the region starts at no larger alignment than the backend promises.
    let front = ((Self.guardByteCount + alignment - 1) / alignment | 1) * alignment
    self.name = name
    let guardZone = [UInt8](repeating: Self.guardByte, count: front)
    image = guardZone + contents + guardZone
    innerRange = front..<front + contents.count
    whole = try backend.allocate(byteCount: image.count)
    inner = try backend.region(of: whole, byteOffset: front, byteCount: contents.count)
  }

  /// Uploads the contents and the guard zones.
  func reset(on backend: any Backend) throws(BackendError) {
    try image.withUnsafeBufferPointer { bytes throws(BackendError) in
      try backend.upload(UnsafeRawBufferPointer(bytes), to: whole, byteOffset: 0)
    }
  }

  /// Contents now.
  func download(from backend: any Backend) throws(BackendError) -> Snapshot {
    var bytes = [UInt8](repeating: 0, count: image.count)
    try bytes.withUnsafeMutableBufferPointer { buffer throws(BackendError) in
      try backend.download(whole, byteOffset: 0, into: UnsafeMutableRawBufferPointer(buffer))
    }
    let damage = bytes.indices.first { !innerRange.contains($0) && bytes[$0] != Self.guardByte }
    return Snapshot(
      contents: Array(bytes[innerRange]),
      firstDamagedGuardByte: damage.map {
        $0 < innerRange.lowerBound ? $0 - innerRange.lowerBound : $0 - innerRange.upperBound
      })
  }

  /// The bytes of a guarded memory at one moment.
  struct Snapshot {
    let contents: [UInt8]
    /// Place of a guard byte that was overwritten: negative before the start, from 0 after the end.
    let firstDamagedGuardByte: Int?
  }
}
