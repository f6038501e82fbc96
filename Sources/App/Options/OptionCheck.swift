import ArgumentParser
import Models

extension Requirement {
  /// Throws `ValidationError` where a value is given and does not meet the condition.
  /// - Parameter option: The option's name without leading dashes.
  func check(_ value: Value?, of option: String) throws {
    if let failure = failure(of: value, option: option) { throw ValidationError(failure + ".") }
  }
}
