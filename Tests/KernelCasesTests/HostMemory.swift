import Runtime

@testable import KernelCases

/// Plain memory of the host as a device's.
final class HostMemory: DeviceMemory {
  /// This range's bytes; a region's lie inside its owner's.
  let bytes: UnsafeMutableRawBufferPointer
  /// Keeps the allocation of a region alive.
  private let owner: HostMemory?

  override init(byteCount: Int) {
    bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 64)
    owner = nil
    super.init(byteCount: byteCount)
  }

  init(region range: Range<Int>, of owner: HostMemory) {
    bytes = UnsafeMutableRawBufferPointer(rebasing: owner.bytes[range])
    self.owner = owner
    super.init(byteCount: range.count)
  }

  deinit {
    if owner == nil { bytes.deallocate() }
  }
}

extension Tensor {
  /// Where the elements are, on a host backend.
  func hostMemory() throws(BackendError) -> HostMemory {
    guard let memory = storage.memory as? HostMemory else {
      throw .foreignMemory(operation: "reference", tensor: storage.name)
    }
    return memory
  }

  /// Copies the elements out.
  func read() throws(BackendError) -> HostTensor {
    let image = StorageImage(elementType: storage.elementType, bytes: Array(try hostMemory().bytes))
    return HostTensor(shape, image.read(self))
  }

  /// Overwrites the elements.
  func write(_ values: HostTensor) throws(BackendError) {
    let memory = try hostMemory()
    var image = StorageImage(elementType: storage.elementType, bytes: Array(memory.bytes))
    image.write(TensorValues(self, values))
    memory.bytes.copyBytes(from: image.bytes)
  }

  /// Overwrites the elements, or adds to them.
  func write(_ values: HostTensor, accumulate: Bool) throws(BackendError) {
    try write(accumulate ? read() + values : values)
  }
}
