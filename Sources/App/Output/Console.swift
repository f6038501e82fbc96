import Files
import Glibc
import Logging

/// Standard output, for results, and standard error, for everything else. Whatever a text holds, names of files among it,
/// only shows: see `String.printable`.
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

  /// Writes a line to standard error under the program's name: remarks and errors.
  static func note(_ line: String) { _ = write("recolor: \(line.printable)\n", to: STDERR_FILENO) }

  /// Writes text to standard error as it is, with its controls of a terminal and without a line feed.
  static func progress(_ text: String) { _ = write(text, to: STDERR_FILENO) }

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

/// The handler of the runtime's log messages. It writes them as the program's other remarks, without the time.
struct RemarkHandler: LogHandler {
  var metadata = Logger.Metadata()
  var logLevel = Logger.Level.info

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { Console.note(event.message.description) }
}
