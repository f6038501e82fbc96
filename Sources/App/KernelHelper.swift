import CLKernels
import Glibc

/// This command as a process that compiles kernels for another one.
enum KernelHelper {
  /// The first argument of such a process, before the device; a command of the parser has no such name, as its own
  /// requests for completions.
  private static let argument = "---compile-kernels"

  /// Lets the backends of this process start helpers.
  static func allow() { CompilationService.startHelpers(with: ["/proc/self/exe", argument]) }

  /// Serves, and ends the process, where the arguments are those of a helper.
  static func serve(_ arguments: [String]) {
    guard arguments.count == 2, arguments[0] == argument else { return }
    exit((try? CompilationService.run(onDevice: arguments[1])) == nil ? 1 : 0)
  }
}
