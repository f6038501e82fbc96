/// A file or folder that could not be read or written. `description` is one line that names it.
public struct FileError: Error, Equatable {
  /// What was tried: `cannot be read`.
  public let problem: String
  public let path: String
  /// The system's reason: `No such file or directory`.
  public let reason: String

  public init(path: String, problem: String, reason: String) {
    self.path = path
    self.problem = problem
    self.reason = reason
  }
}

extension FileError: CustomStringConvertible {
  public var description: String { "\(path): \(problem): \(reason)" }
}
