import Runtime

/// A storage of a case in guarded device memory, with its contents before the operation.
struct PlacedStorage {
  let storage: TensorStorage
  let memory: GuardedMemory
  private let before: StorageImage

  /// Gives the storage its memory.
  init(_ storage: TensorStorage, _ inputs: [TensorValues], on backend: any Backend) throws(BackendError) {
    var image = StorageImage(storage)
    for contents in inputs where contents.tensor.storage === storage { image.write(contents) }
    self.storage = storage
    memory = try GuardedMemory(name: storage.name, contents: image.bytes, on: backend)
    before = image
    storage.memory = memory.inner
  }

  /// Returns the elements of a snapshot.
  func image(_ snapshot: GuardedMemory.Snapshot) -> StorageImage {
    StorageImage(elementType: storage.elementType, bytes: snapshot.contents)
  }

  /// Returns the damage to the guard zones, reported once.
  func strayWrites(_ snapshots: [GuardedMemory.Snapshot]) -> [CaseFailure] {
    snapshots.compactMap(\.firstDamagedGuardByte).prefix(1).map { .outOfBounds(storage: memory.name, byte: $0) }
  }

  /// Returns failures for elements that changed though no output covers them, and for outputs without a reference.
  func unexpectedWrites(_ after: StorageImage, writes: [Tensor], expected: [TensorValues]) -> [CaseFailure] {
    var isOutput = [Bool](repeating: false, count: storage.count)
    for output in expected where output.tensor.storage === storage {
      for element in output.tensor.elementIndices { isOutput[element] = true }
    }
    var failures: [CaseFailure] = []
    if let element = after.firstDifference(from: before, where: { !isOutput[$0] }) {
      failures.append(.changedOutside(storage: storage.name, index: element))
    }
    let written = writes.filter { $0.storage === storage }
    if written.contains(where: { $0.elementIndices.contains { !isOutput[$0] } }) {
      failures.append(.notChecked(storage: storage.name))
    }
    return failures
  }
}

/// Device memory for one storage, with a guard zone before and after it.
struct GuardedMemory {
  /// For messages.
  let name: String
  /// The part between the guard zones, which the kernel is given.
  let inner: DeviceMemory
  /// Guard zones and inner part.
  private let whole: DeviceMemory
  private let innerRange: Range<Int>
  /// The bytes that `reset` uploads, guard zones included.
  private let image: [UInt8]

  /// Wide enough for a vector store or a row of a tile that runs over the end.
  private static let guardByteCount = 1024
  private static let guardByte: UInt8 = 0x5a

  /// - Parameter contents: of the inner part after `reset`.
  init(name: String, contents: [UInt8], on backend: any Backend) throws(BackendError) {
    let alignment = max(backend.regionAlignment, 1)
    // An odd multiple, so that the region starts at no larger alignment than the backend promises.
    let front = (ceilDivide(Self.guardByteCount, alignment) | 1) * alignment
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

  /// Returns the contents now.
  func download(from backend: any Backend) throws(BackendError) -> Snapshot {
    var bytes = [UInt8](repeating: 0, count: image.count)
    try bytes.withUnsafeMutableBufferPointer { buffer throws(BackendError) in
      try backend.download(whole, byteOffset: 0, into: UnsafeMutableRawBufferPointer(buffer))
    }
    let damage =
      bytes[..<innerRange.lowerBound].firstIndex { $0 != Self.guardByte }
      ?? bytes[innerRange.upperBound...].firstIndex { $0 != Self.guardByte }
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

/// A storage's bytes on the host.
struct StorageImage {
  let elementType: ElementType
  private(set) var bytes: [UInt8]

  /// A quiet NaN of a pattern that no computation gives; as whole numbers, out of any index's range.
  private static let poison: UInt32 = 0x7ffa_dead

  /// A storage full of poison.
  init(_ storage: TensorStorage) {
    elementType = storage.elementType
    bytes = Self.poisoned(byteCount: storage.byteCount)
  }

  /// Returns `byteCount` bytes of poison.
  static func poisoned(byteCount: Int) -> [UInt8] {
    [UInt32](repeating: poison.littleEndian, count: (byteCount + 3) / 4).withUnsafeBytes {
      [UInt8]($0.prefix(byteCount))
    }
  }

  init(elementType: ElementType, bytes: [UInt8]) {
    self.elementType = elementType
    self.bytes = bytes
  }

  /// Writes a tensor's values into its elements.
  mutating func write(_ contents: TensorValues) {
    bytes.withUnsafeMutableBytes { buffer in
      for (index, value) in zip(contents.tensor.elementIndices, contents.values.values) {
        switch elementType {
        case .float32: buffer.storeBytes(of: Float(value), toByteOffset: 4 * index, as: Float.self)
        case .uint32: buffer.storeBytes(of: UInt32(value), toByteOffset: 4 * index, as: UInt32.self)
        case .uint8: buffer[index] = UInt8(value)
        }
      }
    }
  }

  /// Returns the values of a tensor's elements, in its order.
  func read(_ tensor: Tensor) -> [Double] {
    bytes.withUnsafeBytes { buffer in
      tensor.elementIndices.map { index in
        switch elementType {
        case .float32: Double(buffer.loadUnaligned(fromByteOffset: 4 * index, as: Float.self))
        case .uint32: Double(buffer.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
        case .uint8: Double(buffer[index])
        }
      }
    }
  }

  /// Returns the index of the first element whose bits differ from `other`'s, among those where `isCompared` is true.
  func firstDifference(from other: StorageImage, where isCompared: (Int) -> Bool = { _ in true }) -> Int? {
    guard bytes != other.bytes else { return nil }
    let size = elementType.byteCount
    for index in 0..<bytes.count / size where isCompared(index) {
      for byte in index * size..<(index + 1) * size where bytes[byte] != other.bytes[byte] { return index }
    }
    return nil
  }
}

extension Tensor {
  /// The index of each element in the storage, in the order `[n, y, x, c]`.
  var elementIndices: [Int] {
    (0..<shape.count).map { offset + $0 / shape.channels * pixelStride + $0 % shape.channels }
  }
}
