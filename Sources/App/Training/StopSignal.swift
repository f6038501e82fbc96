import ArgumentParser
import Glibc
import Synchronization

/// Ctrl-C, TERM and HUP (the terminal was closed) as a wish to stop at the next good moment. The second of the same kind ends
/// the process at once.
struct StopSignal {
  /// The first signal that came; 0 for none. All that the handler touches.
  private static let received = Atomic<Int32>(0)

  /// Starts to catch the signals. From here on a file that may not grow further, and a reader of the output that is gone, are
  /// errors like others, which do not end the process.
  init() {
    // A global is made when it is first used; that must not happen inside the handler.
    Self.received.store(0, ordering: .relaxed)
    var caught = sigset_t()
    sigemptyset(&caught)
    for ignored in [SIGXFSZ, SIGPIPE] { signal(ignored, SIG_IGN) }
    for signal in [SIGINT, SIGTERM, SIGHUP] where signal != SIGHUP || !Self.isHangUpIgnored {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { signal in
        _ = StopSignal.received.compareExchange(expected: 0, desired: signal, ordering: .relaxed)
        // `poll` and `write` are among the few functions that a handler may call; the text is in the program's own memory.
        // The function that was interrupted may be about to read errno, and a pipe that nobody empties would hold it up.
        let interrupted = errno
        defer { errno = interrupted }
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
    // Whoever started this process may have handed down a mask that keeps them out.
    pthread_sigmask(SIG_UNBLOCK, &caught, nil)
  }

  /// Whether whoever started this process wants it to outlive the terminal, as nohup does.
  private static var isHangUpIgnored: Bool {
    var present = sigaction()
    sigaction(SIGHUP, nil, &present)
    // Ignoring is the handler at address 1.
    return unsafeBitCast(present.__sigaction_handler.sa_handler, to: Int.self) == 1
  }

  var isReceived: Bool { Self.received.load(ordering: .relaxed) != 0 }

  /// What shells report of a process that the signal ended: 130, 143 or 129.
  var exitCode: ExitCode { ExitCode(128 + Self.received.load(ordering: .relaxed)) }
}
