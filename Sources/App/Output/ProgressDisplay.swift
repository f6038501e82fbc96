/// What happens at the moment: on a terminal one line that is written anew, elsewhere a plain line every now and then.
final class ProgressDisplay {
  private let isTerminal = Console.isTerminal
  private let interval: Duration
  /// When the last plain line was written, or the display was made: what is over soon needs none.
  private var lastLine = ContinuousClock.now
  private var isShowing = false

  /// - Parameter interval: the least time between two plain lines.
  init(interval: Duration = .seconds(10)) { self.interval = interval }

  /// Shows how things are.
  func update(_ line: String) {
    if isTerminal {
      // A line that wraps could not be written over; erasing to the end removes what the one before was longer.
      Console.progress("\r\(line.prefix(max(Console.width - 1, 1)))\u{1B}[K")
      isShowing = true
      return
    }
    let now = ContinuousClock.now
    guard now - lastLine >= interval else { return }
    lastLine = now
    Console.progress(line + "\n")
  }

  /// Makes room for lines that stay.
  func clear() {
    guard isShowing else { return }
    Console.progress("\r\u{1B}[K")
    isShowing = false
  }
}
