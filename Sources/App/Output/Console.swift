import Glibc

/// The two streams: results go to standard output, all else to standard error.
enum Console {
  /// Writes lines to standard output.
  ///
  /// Throws where they cannot be written, for a report cut short by a full disk must not look like a whole one.
  static func output(_ text: String) throws(OutputError) {
    guard write(text + "\n", to: STDOUT_FILENO) else {
      throw OutputError(reason: String(cString: strerror(errno)))
    }
  }

  /// Writes bytes to standard output: a file that goes into a pipe.
  static func output(_ bytes: [UInt8]) throws(OutputError) {
    let isWritten = bytes.withUnsafeBytes { write($0, to: STDOUT_FILENO) }
    guard isWritten else { throw OutputError(reason: String(cString: strerror(errno))) }
  }

  /// Writes a line to standard error under the program's name: remarks and errors.
  static func note(_ line: String) { _ = write("recolor: \(line)\n", to: STDERR_FILENO) }

  /// Writes to standard error as it is.
  static func progress(_ text: String) { _ = write(text, to: STDERR_FILENO) }

  /// Whether a person watches standard error, on a terminal that understands control characters.
  static var isTerminal: Bool {
    isatty(STDERR_FILENO) == 1 && getenv("TERM").map { String(cString: $0) } != "dumb"
  }

  /// Columns of the terminal.
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
      guard written > 0 else { return false }
      rest = rest.dropFirst(written)
    }
    return true
  }
}

/// Standard output that takes no more.
struct OutputError: Error, CustomStringConvertible {
  let reason: String

  var description: String { "standard output: cannot be written: \(reason)" }
}
