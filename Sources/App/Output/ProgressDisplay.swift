/// A display of progress: on a terminal one line that is overwritten, elsewhere a line every few seconds.
final class ProgressDisplay {
  private let isTerminal = Console.isTerminal
  private let interval: Duration
  /// When the last plain line was written, or the display was created: short work gets no line.
  private var lastLine = ContinuousClock.now
  private var isShowing = false

  /// - Parameter interval: The minimum time between two plain lines.
  init(interval: Duration = .seconds(10)) { self.interval = interval }

  /// Shows a line.
  func update(_ line: String) {
    let line = line.printable
    if isTerminal {
      // A line that wraps could not be overwritten. Erasing to the end removes the rest of a longer line before it.
      Console.progress("\r\(line.prefix(max(Console.width - 1, 1)))\u{1B}[K")
      isShowing = true
      return
    }
    let now = ContinuousClock.now
    guard now - lastLine >= interval else { return }
    lastLine = now
    Console.progress(line + "\n")
  }

  /// Removes the line, before other lines are written.
  func clear() {
    guard isShowing else { return }
    Console.progress("\r\u{1B}[K")
    isShowing = false
  }
}
