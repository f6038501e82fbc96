import FoundationEssentials

/// A display of progress: on a terminal one line that is overwritten, elsewhere a line every few seconds.
final class ProgressDisplay {
  private let isTerminal = Console.isTerminal
  private let interval: Duration
  /// When the next plain line may be written: short work gets none.
  private var nextLine: ContinuousClock.Instant
  private var isShowing = false

  /// - Parameters:
  ///   - interval: The minimum time between two plain lines.
  ///   - first: The time until the first of them; nil for the interval.
  init(interval: Duration = .seconds(10), first: Duration? = nil) {
    self.interval = interval
    nextLine = .now + (first ?? interval)
  }

  /// Shows a line, on a terminal as much of it as fits.
  /// - Parameter name: The end of the line that may be shortened, such as a path.
  func update(_ line: String, name: String = "") {
    let (line, name) = (line.printable, name.printable)
    if isTerminal {
      // A line that wraps could not be overwritten. Erasing to the end removes the rest of a longer line before it.
      Console.progress("\r\(Self.fitted(line, name: name, columns: Console.width - 1))\u{1B}[K")
      isShowing = true
      return
    }
    let now = ContinuousClock.now
    guard now >= nextLine else { return }
    nextLine = now + interval
    Console.progress("\(line)\(name)\n")
  }

  /// The fewest columns that a shortened name is worth.
  private static let shortestName = 8

  /// Returns a line of at most `columns` characters. The name loses its beginning; then the line loses whole parts at
  /// its end, which two spaces separate, and then words: half a number would be another one.
  static func fitted(_ line: String, name: String, columns: Int) -> String {
    let room = columns - line.count
    if name.count <= room { return line + name }
    if room >= shortestName { return line + "…" + name.suffix(room - 1) }
    var text = line[...]
    for separator in ["  ", " "] {
      while text.count > columns, let end = text.range(of: separator, options: .backwards) {
        text = text[..<end.lowerBound]
      }
    }
    return text.count <= columns ? String(text) : ""
  }

  /// Removes the line, before other lines are written.
  func clear() {
    guard isShowing else { return }
    Console.progress("\r\u{1B}[K")
    isShowing = false
  }
}
