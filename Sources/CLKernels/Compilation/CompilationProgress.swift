import Synchronization

/// How far the compilation of programs has come that launches wait for.
public struct CompilationProgress: Sendable {
  /// Programs that are compiled or loaded.
  public let done: Int
  public let total: Int
  /// Seconds since the first of them was begun.
  public let seconds: Double

  /// An estimate of the seconds that the others take; infinite before the first one is done.
  public var secondsLeft: Double { done > 0 ? seconds / Double(done) * Double(total - done) : .infinity }

  private static let observer = Mutex<(@Sendable (CompilationProgress) -> Void)?>(nil)

  /// Sets a function that is told of all compilation in this process: ten times a second, and at its end.
  public static func observe(_ body: (@Sendable (CompilationProgress) -> Void)?) { observer.withLock { $0 = body } }

  func report() { Self.observer.withLock { $0 }?(self) }
}
