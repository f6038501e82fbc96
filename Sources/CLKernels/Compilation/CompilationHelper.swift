import Files
import FoundationEssentials
import Glibc
import Runtime
import Synchronization

/// A process that compiles for this one, whose driver compiles on one thread of a process at a time and keeps compiled
/// kernels on disk for all processes.
final class CompilationHelper: Sendable {
  private let process: pid_t
  private let connection: CompilationConnection
  private let hasFailed = Atomic<Bool>(false)

  /// The command that starts a helper; it is followed by a device's index. Nil for none.
  private static let command = Mutex<[String]?>(nil)

  /// Sets the program and the arguments that start a helper, which calls `CompilationService.run`; a device's index
  /// follows them.
  static func use(command words: [String]?) { command.withLock { $0 = words } }

  /// Starts as many helpers as the system grants, at most `count`.
  static func start(_ count: Int, for device: CLDevice) -> [CompilationHelper] {
    guard count > 0, let command = command.withLock({ $0 }) else { return [] }
    return (0..<count).compactMap { _ in CompilationHelper(command + [device.index]) }
  }

  private init?(_ words: [String]) {
    guard let program = words.first, let (own, other) = CompilationConnection.pair() else { return nil }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, other.descriptor, STDIN_FILENO)
    // The launch that needs the kernel tells its errors.
    for output in [STDOUT_FILENO, STDERR_FILENO] {
      posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0)
    }
    var arguments = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var process = pid_t()
    // The other end stays open until the process has it.
    let status = withExtendedLifetime(other) { posix_spawn(&process, program, &actions, nil, &arguments, environ) }
    guard status == 0 else { return nil }
    self.process = process
    connection = own
  }

  deinit {
    // That ends the process.
    connection.end()
    while waitpid(process, nil, 0) < 0, errno == EINTR {}
  }

  /// Whether the helper has answered so far.
  var isAlive: Bool { !hasFailed.load(ordering: .relaxed) }

  /// Has a job done and waits for its end. Returns whether it succeeded.
  func compile(_ job: CompilationJob) -> Bool {
    guard let request = try? JSONEncoder().encode(job), connection.send(Array(request)),
      let answer = connection.receive()
    else {
      hasFailed.store(true, ordering: .relaxed)
      return false
    }
    return answer == CompilationService.success
  }
}
