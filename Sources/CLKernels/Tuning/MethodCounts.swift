/// What became of the methods that were tried.
public struct MethodCounts: Codable, Sendable {
  /// All that were tried beside the built-in ones.
  public var tried = 0
  /// Of these: their kernels do not build.
  public var notBuilt = 0
  /// Of these: the driver does not run them, or has no room for them.
  public var refused = 0
  /// Of these: their results are not those of the plain loops.
  public var wrong = 0

  static func += (left: inout MethodCounts, right: MethodCounts) {
    left.tried += right.tried
    left.notBuilt += right.notBuilt
    left.refused += right.refused
    left.wrong += right.wrong
  }

  mutating func add(_ fault: MethodFault) {
    switch fault {
    case .doesNotBuild: notBuilt += 1
    case .refused: refused += 1
    case .wrong: wrong += 1
    }
  }
}
