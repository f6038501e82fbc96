import ArgumentParser
import Glibc
import MessagePassing
import Synchronization

/// SIGINT, SIGTERM and SIGHUP as requests to stop as soon as everything can be saved. A second signal of the same kind
/// ends the process at once.
struct StopSignal {
  /// The first signal received; 0 for none. The only state that the handler changes.
  private static let received = Atomic<Int32>(0)
  /// Whether the handler writes that the process stops; of several ranks, the first one does.
  static let speaks = Atomic(true)

  /// Installs the handlers. Also ignores SIGXFSZ and SIGPIPE, so that a file size limit and a closed pipe are errors of
  /// the write.
  init() {
    // A global is initialized on first use, which must not happen inside the handler.
    Self.received.store(0, ordering: .relaxed)
    Self.speaks.store((Launcher.current?.rank ?? 0) == 0, ordering: .relaxed)
    var caught = sigset_t()
    sigemptyset(&caught)
    for ignored in [SIGXFSZ, SIGPIPE] { signal(ignored, SIG_IGN) }
    for signal in [SIGINT, SIGTERM, SIGHUP] where signal != SIGHUP || !Self.isHangUpIgnored {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { signal in
        _ = StopSignal.received.compareExchange(expected: 0, desired: signal, ordering: .relaxed)
        // `poll` and `write` are async-signal-safe. The interrupted function may be about to read errno, so it is
        // restored. A full pipe would block `write`, so it is polled first.
        let interrupted = errno
        defer { errno = interrupted }
        guard StopSignal.speaks.load(ordering: .relaxed) else { return }
        var output = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
        guard poll(&output, 1, 0) == 1, output.revents & Int16(POLLOUT) != 0 else { return }
        let text: StaticString =
          "\nrecolor: stopping at the next good moment; once more stops at once and saves nothing\n"
        _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
      }
      action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND)) | SA_RESTART
      sigaction(signal, &action, nil)
      sigaddset(&caught, signal)
    }
    // The mask inherited from the parent process may block them.
    pthread_sigmask(SIG_UNBLOCK, &caught, nil)
  }

  /// Whether the parent process set SIGHUP to be ignored, as nohup does.
  private static var isHangUpIgnored: Bool {
    var present = sigaction()
    sigaction(SIGHUP, nil, &present)
    // SIG_IGN is a handler at address 1.
    return unsafeBitCast(present.__sigaction_handler.sa_handler, to: Int.self) == 1
  }

  var isReceived: Bool { Self.received.load(ordering: .relaxed) != 0 }

  /// Returns the exit code that shells report where a signal ended the process, 130, 143 or 129: on all ranks that of
  /// the first of them that received one. Called on all ranks when they stop.
  func exitCode(of ranks: Communicator = .single) throws(MessagePassingError) -> ExitCode {
    let signals = try ranks.allGather([UInt8(truncatingIfNeeded: Self.received.load(ordering: .relaxed))])
    return ExitCode(128 + Int32(signals.compactMap(\.first).first { $0 != 0 } ?? UInt8(SIGTERM)))
  }
}
