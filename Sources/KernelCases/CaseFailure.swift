/// One thing that a kernel did wrong in a case. `description` is one line.
public enum CaseFailure: Hashable, Sendable {
  /// Further from the reference than the tolerance; the element is the worst.
  case wrongValue(tensor: String, element: Element, found: Double, expected: Double)
  /// An element that is NaN or infinite where the reference is finite: never written, or computed from memory that
  /// holds nothing of use.
  case notFinite(tensor: String, element: Element, found: Double)
  /// An element of a storage that no output covers has changed.
  case changedOutside(storage: String, index: Int)
  /// A byte next to a storage or to the workspace has changed: this far before its start (negative) or after its end.
  case outOfBounds(storage: String, byte: Int)
  /// The second launch with the same inputs gave other bits.
  case notRepeatable(storage: String, index: Int)
  /// The operation's list of what it writes has a tensor for which the case has no reference.
  case notChecked(storage: String)

  /// A place in a tensor.
  public struct Element: Hashable, Sendable {
    public let n: Int
    public let y: Int
    public let x: Int
    public let c: Int
  }
}

extension CaseFailure: CustomStringConvertible {
  public var description: String {
    switch self {
    case .wrongValue(let tensor, let element, let found, let expected):
      "\(tensor)\(element) is \(found), not \(expected)"
    case .notFinite(let tensor, let element, let found): "\(tensor)\(element) is \(found)"
    case .changedOutside(let storage, let index): "element \(index) of \(storage) is no output and was changed"
    case .outOfBounds(let storage, let byte):
      byte < 0 ? "byte \(-byte) before \(storage) was changed" : "byte \(byte + 1) after \(storage) was changed"
    case .notRepeatable(let storage, let index): "element \(index) of \(storage) differs in a second run"
    case .notChecked(let storage): "\(storage) is written and has no reference"
    }
  }
}

extension CaseFailure.Element: CustomStringConvertible {
  public var description: String { "[\(n), \(y), \(x), \(c)]" }
}
