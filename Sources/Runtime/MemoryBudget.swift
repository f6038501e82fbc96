import FoundationEssentials

/// How much memory a backend may take, and how much of that it has taken.
public final class MemoryBudget {
  /// In bytes.
  public let limit: Int
  /// By allocations that are still there, in bytes.
  public private(set) var taken = 0

  /// What one allocation takes, given back when it goes.
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

  /// A device's budget: what it has, or less where the environment's `RECOLOR_MEMORY` says so (`2GiB`, `500MiB`, or bytes).
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

  /// Bytes that a text says; nil where it says none.
  static func byteCount(_ text: String) -> Int? {
    let digits = text.prefix(while: \.isNumber)
    let shift = ["": 0, "KiB": 10, "MiB": 20, "GiB": 30][text.dropFirst(digits.count)]
    guard let shift, let count = Int(digits), count > 0, count <= Int.max >> shift else { return nil }
    return count << shift
  }
}
