/// What a run of a case showed.
public struct CaseResult: Sendable {
  /// One output's distance from its reference.
  public struct Output: Sendable {
    public let tensor: String
    /// max |found − expected| / max |expected|; infinite where an element is not finite; the plain distance where the
    /// reference is zero everywhere.
    public let error: Double
  }

  public let outputs: [Output]
  /// Empty where all is well.
  public let failures: [CaseFailure]

  public var passed: Bool { failures.isEmpty }
  /// The largest error of any output.
  public var error: Double { outputs.map(\.error).max() ?? 0 }
}
