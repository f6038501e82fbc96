import CLKernels
import Synchronization

/// The progress of the compilation of kernels, in a line that is shown whatever command waits for them.
enum CompilationDisplay {
  /// The display of the compilation that goes on now.
  private static let display = Mutex<ProgressDisplay?>(nil)

  /// Seconds from which a line is shown.
  private static let shortest = 0.5

  /// Shows all compilation of this process from now on.
  static func start() { CompilationProgress.observe { show($0) } }

  private static func show(_ progress: CompilationProgress) {
    display.withLock { display in
      if progress.done == progress.total {
        display?.clear()
        display = nil
      } else if progress.seconds >= shortest {
        if display == nil { display = ProgressDisplay(first: .zero) }
        display?.update(
          line(done: progress.done, total: progress.total, secondsLeft: progress.secondsLeft))
      }
    }
  }

  static func line(done: Int, total: Int, secondsLeft: Double) -> String {
    let left = secondsLeft.isFinite ? "  \(Format.duration(seconds: secondsLeft)) left" : ""
    return "compiling kernels: program \(min(done + 1, total)) of \(total)\(left)"
  }
}
