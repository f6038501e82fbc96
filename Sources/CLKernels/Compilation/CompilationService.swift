import FoundationEssentials
import Glibc
import Runtime

/// The work of a helper process: it compiles what the process that started it asks for.
package enum CompilationService {
  /// Sets the program and the arguments that start a helper on this machine; a device's index follows them, for which
  /// the helper calls `run`. Without a command, programs of drivers that compile on one thread are compiled on one.
  package static func startHelpers(with command: [String]) { CompilationHelper.use(command: command) }

  /// Compiles for the process at the other end of standard input until that closes it.
  /// - Parameter index: `P.D`, of the device.
  package static func run(onDevice index: String) throws(BackendError) {
    try serve(CompilationConnection(descriptor: STDIN_FILENO), on: try CLDevice.named(index))
  }

  static func serve(_ connection: CompilationConnection, on device: CLDevice) throws(BackendError) {
    let context = try CLContext(device: device)
    let queue = try CLQueue(context: context)
    while let request = connection.receive() {
      guard connection.send(compile(request, in: context, on: queue) ? success : failure) else { break }
    }
  }

  static let success: [UInt8] = [1]
  private static let failure: [UInt8] = [0]

  private static func compile(_ request: [UInt8], in context: CLContext, on queue: CLQueue) -> Bool {
    do {
      let job = try JSONDecoder().decode(CompilationJob.self, from: Data(request))
      try job.compileKernels(of: try job.build(in: context, cache: nil), on: queue)
      return true
    } catch {
      return false
    }
  }
}
