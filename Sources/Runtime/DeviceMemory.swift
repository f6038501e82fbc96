import FoundationEssentials

/// A contiguous range of a device's memory. Each backend subclasses it with its own handle, owns that handle, and
/// releases it when the last reference goes.
open class DeviceMemory {
  /// Bytes in this range.
  public let byteCount: Int
  /// The allocation's share of its backend's budget; nil for regions.
  public var share: MemoryBudget.Share?

  public init(byteCount: Int) { self.byteCount = byteCount }
}

/// The limit on a backend's memory, and what of it is allocated.
public final class MemoryBudget {
  /// In bytes.
  public let limit: Int
  /// Bytes of allocations that are still alive.
  public private(set) var taken = 0

  /// The part of the budget that one allocation takes, returned when this is deinitialized.
  public final class Share {
    private let budget: MemoryBudget
    private let byteCount: Int

    fileprivate init(_ byteCount: Int, of budget: MemoryBudget) {
      self.byteCount = byteCount
      self.budget = budget
      budget.taken += byteCount
    }

    deinit { budget.taken -= byteCount }
  }

  public init(limit: Int) { self.limit = limit }

  /// The budget of a device with `byteCount` bytes, or less by the environment's `RECOLOR_MEMORY` (`2GiB`, `500MiB`, or
  /// bytes).
  public convenience init(
    ofDeviceWith byteCount: Int, environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    guard let text = environment["RECOLOR_MEMORY"] else {
      self.init(limit: byteCount)
      return
    }
    let limit = Self.byteCount(text)
    if limit == nil {
      Remarks.warning("RECOLOR_MEMORY=\(text) is no amount of memory such as 2GiB or 500MiB; left out")
    }
    self.init(limit: min(byteCount, limit ?? byteCount))
  }

  /// Takes memory for an allocation.
  public func take(_ byteCount: Int, device: String) throws(BackendError) -> Share {
    guard byteCount >= 0, byteCount <= limit - taken else {
      throw .outOfMemory(requested: byteCount, device: device)
    }
    return Share(byteCount, of: self)
  }

  /// Returns the bytes that a text such as `2GiB` stands for; nil where it stands for none.
  static func byteCount(_ text: String) -> Int? {
    let digits = text.prefix(while: \.isNumber)
    let shift = ["": 0, "KiB": 10, "MiB": 20, "GiB": 30][text.dropFirst(digits.count)]
    guard let shift, let count = Int(digits), count > 0, count <= Int.max >> shift else { return nil }
    return count << shift
  }
}
