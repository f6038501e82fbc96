/// The number of work-items that run a kernel, in three directions, and the number of those that form a work-group.
public struct CLRange {
  /// Work-items; a multiple of `local` in each direction.
  public let global: (Int, Int, Int)
  /// Work-items of a group.
  public let local: (Int, Int, Int)

  /// `groups` work-groups of `local` work-items each.
  public init(groups: (Int, Int, Int), local: (Int, Int, Int)) {
    global = (groups.0 * local.0, groups.1 * local.1, groups.2 * local.2)
    self.local = local
  }

  /// At least `items` work-items: each direction rounded up to whole groups, so a kernel must check its bounds.
  public init(covering items: (Int, Int, Int), local: (Int, Int, Int)) {
    func groups(_ items: Int, _ local: Int) -> Int { ceilDivide(items, local) }
    self.init(groups: (groups(items.0, local.0), groups(items.1, local.1), groups(items.2, local.2)), local: local)
  }

  public var groupCount: Int { global.0 / local.0 * (global.1 / local.1) * (global.2 / local.2) }
}

extension CLRange: CustomStringConvertible {
  public var description: String {
    "\(global.0)×\(global.1)×\(global.2) in groups of \(local.0)×\(local.1)×\(local.2)"
  }
}
