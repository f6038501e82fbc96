import Files
import FoundationEssentials
import Synchronization

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
  /// In bytes. What is free of a host's memory is measured at the first use, when the process has its data in memory.
  public private(set) lazy var limit = measuredLimit()
  private let measuredLimit: () -> Int
  /// Bytes of allocations that are still alive. A thread other than the one that allocates may end them: that of the
  /// messages between ranks, where a step fails.
  public var taken: Int { takenCount.load(ordering: .relaxed) }
  private let takenCount = Atomic(0)

  /// The part of the budget that one allocation takes, returned when this is deinitialized.
  public final class Share {
    private let budget: MemoryBudget
    private let byteCount: Int

    fileprivate init(_ byteCount: Int, of budget: MemoryBudget) {
      self.byteCount = byteCount
      self.budget = budget
      budget.takenCount.add(byteCount, ordering: .relaxed)
    }

    deinit { budget.takenCount.subtract(byteCount, ordering: .relaxed) }
  }

  private init(measuring limit: @escaping () -> Int) { measuredLimit = limit }

  public convenience init(limit: Int) { self.init { limit } }

  /// The budget of a device with `byteCount` bytes, or less by the environment's `RECOLOR_MEMORY` (`2GiB`, `500MiB`, or
  /// bytes).
  public convenience init(
    ofDeviceWith byteCount: Int, environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    self.init(limit: min(byteCount, Self.givenLimit(environment) ?? byteCount))
  }

  /// The budget of a device that computes in the host's memory: what the process may use of it, at most `byteLimit`, or
  /// less by `RECOLOR_MEMORY`; of both limits this process's part, where several processes divide the memory. A
  /// sixteenth of what a control group leaves is left to the rest of the process, such as its threads and the files
  /// that it writes.
  package convenience init(
    ofHost group: ControlGroup, byteLimit: Int = .max,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    let limit = min(byteLimit, Self.givenLimit(environment) ?? .max) / group.processCount
    self.init { min(limit, group.usableMemory, group.availableMemory.map { $0 - $0 / 16 } ?? .max) }
  }

  /// Returns the limit by `RECOLOR_MEMORY`; nil where there is none.
  private static func givenLimit(_ environment: [String: String]) -> Int? {
    guard let text = environment["RECOLOR_MEMORY"] else { return nil }
    let limit = byteCount(text)
    if limit == nil {
      Remarks.warning("RECOLOR_MEMORY=\(text) is no amount of memory such as 2GiB or 500MiB; left out")
    }
    return limit
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
