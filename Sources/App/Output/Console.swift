import Files
import Glibc
import Logging
import Synchronization

/// Standard output, for results, and standard error, for everything else. Whatever a text holds, names of files among
/// it, only shows: see `String.printable`.
enum Console {
  /// Opens those of standard input, output and error that are closed, so that no file of the program gets their number
  /// and has messages written into it. Their use still fails: the opening is for the other direction.
  static func reserveDescriptors() {
    // In ascending order, since `open` takes the lowest number that is free.
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  /// Writes lines to standard output. Parts of them that the program did not choose, such as names, must be `printable`
  /// already, since line feeds are kept.
  ///
  /// Throws where they cannot be written: a report cut short by a full disk must not look complete.
  static func output(_ text: String) throws(OutputError) {
    guard write(text.printableLines + "\n", to: STDOUT_FILENO) else {
      throw OutputError(reason: String(cString: strerror(errno)))
    }
  }

  /// Writes one line to standard output, such as the path of a file.
  static func output(line: String) throws(OutputError) { try output(line.printable) }

  /// Writes bytes to standard output, such as a file into a pipe.
  static func output(_ bytes: [UInt8]) throws(OutputError) {
    let isWritten = bytes.withUnsafeBytes { write($0, to: STDOUT_FILENO) }
    guard isWritten else { throw OutputError(reason: String(cString: strerror(errno))) }
  }

  /// How much is written to standard error beside errors.
  enum Level: Sendable, Comparable {
    /// Nothing: another process speaks.
    case silent
    /// Warnings.
    case quiet
    /// Warnings, remarks and progress.
    case usual
    /// Warnings, remarks, progress and details.
    case verbose
  }

  /// The level that the command line asks for.
  static var level: Level {
    get { storedLevel.withLock { $0 } }
    set { storedLevel.withLock { $0 = newValue } }
  }

  private static let storedLevel = Mutex(Level.usual)

  /// Writes a line about a failure to standard error, under the program's name.
  static func error(_ line: String) { write(line, as: "error", color: 31) }

  /// Writes a line about something that may be wrong, or is left out, to standard error.
  static func warning(_ line: String) {
    if level > .silent { write(line, as: "warning", color: 33) }
  }

  /// Writes a line about what the command does to standard error, unless it is to be quiet.
  static func note(_ line: String) {
    if level > .quiet { _ = write("recolor: \(line.printable)\n", to: STDERR_FILENO) }
  }

  /// Writes a line that only `--verbose` asks for to standard error.
  static func detail(_ line: String) {
    if level == .verbose { note(line) }
  }

  /// Writes text to standard error as it is, with its controls of a terminal and without a line feed, unless the
  /// command is to be quiet.
  static func progress(_ text: String) {
    if level > .quiet { _ = write(text, to: STDERR_FILENO) }
  }

  /// - Parameter color: The number of the kind's color in ECMA-48, of the foreground.
  private static func write(_ line: String, as kind: String, color: Int) {
    let kind = hasColors ? "\u{1B}[1;\(color)m\(kind):\u{1B}[0m" : "\(kind):"
    _ = write("recolor: \(kind) \(line.printable)\n", to: STDERR_FILENO)
  }

  /// Whether standard error shows colors: a terminal does, unless the environment forbids it (https://no-color.org).
  private static var hasColors: Bool {
    isTerminal && (getenv("NO_COLOR").map { String(cString: $0).isEmpty } ?? true)
  }

  /// Whether standard error is a terminal that understands control characters.
  static var isTerminal: Bool {
    isatty(STDERR_FILENO) == 1 && getenv("TERM").map { String(cString: $0) } != "dumb"
  }

  /// The number of columns of the terminal.
  static var width: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  private static func write(_ text: String, to descriptor: Int32) -> Bool {
    var text = text
    return text.withUTF8 { write(UnsafeRawBufferPointer($0), to: descriptor) }
  }

  private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if written < 0, errno == EINTR { continue }
      if written < 0, errno == EAGAIN {
        FileDescriptor.wait(for: POLLOUT, on: descriptor)
        continue
      }
      guard written > 0 else { return false }
      rest = rest.dropFirst(written)
    }
    return true
  }
}

/// An error of standard output.
struct OutputError: Error, CustomStringConvertible {
  let reason: String

  var description: String { "standard output: cannot be written: \(reason)" }
}

/// The handler of the runtime's log messages. It writes them as the program's own, without the time.
struct RemarkHandler: LogHandler {
  var metadata = Logger.Metadata()
  var logLevel = Logger.Level.info

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let line = event.message.description
    if event.level >= .warning { Console.warning(line) } else { Console.note(line) }
  }
}
