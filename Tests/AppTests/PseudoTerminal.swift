import Foundation

/// A terminal that a command writes to, and a test reads.
final class PseudoTerminal {
  /// The file for the command.
  let device: FileHandle
  private let controller: Int32

  struct Unavailable: Error {}

  init() throws {
    var (controller, device): (Int32, Int32) = (-1, -1)
    guard openpty(&controller, &device, nil, nil, nil) == 0 else { throw Unavailable() }
    // Reading ends where nothing more is written.
    _ = fcntl(controller, F_SETFL, O_NONBLOCK)
    self.controller = controller
    self.device = FileHandle(fileDescriptor: device, closeOnDealloc: true)
  }

  deinit { close(controller) }

  /// Returns what was written, as far as the terminal keeps it, which is some thousand bytes.
  func output() -> String {
    var text: [UInt8] = []
    var bytes = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(controller, &bytes, bytes.count)
      guard count > 0 else { break }
      text += bytes.prefix(count)
    }
    return String(decoding: text, as: UTF8.self)
  }
}
