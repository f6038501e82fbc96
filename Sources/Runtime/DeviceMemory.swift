/// A contiguous range of a device's memory. Each backend subclasses it with its own handle, owns that handle, and
/// releases it when the last reference goes.
open class DeviceMemory {
  /// Bytes in this range.
  public let byteCount: Int
  /// What an allocation has of its backend's budget; nil for regions.
  public var share: MemoryBudget.Share?

  public init(byteCount: Int) { self.byteCount = byteCount }
}
