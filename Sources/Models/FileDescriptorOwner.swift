import Foundation

/// An open file, closed when its owner goes.
struct FileDescriptorOwner: ~Copyable, Sendable {
  let value: Int32

  /// Takes over what `open` returned; nil for its −1.
  init?(_ value: Int32) {
    guard value >= 0 else { return nil }
    self.value = value
  }

  deinit { close(value) }

  /// Fills `bytes` from the file, starting at `offset`. A file that became shorter meanwhile is an error.
  func read(into bytes: UnsafeMutableRawBufferPointer, at offset: Int, path: String) throws(SafetensorsError) {
    var done = 0
    while done < bytes.count, let base = bytes.baseAddress {
      let count = pread(value, base + done, bytes.count - done, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        throw SafetensorsError(path: path, problem: .system(action: "read", code: count < 0 ? errno : EIO))
      }
      done += count
    }
  }

  /// Writes all of `bytes` to the file, starting at `offset`.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int, path: String) throws(SafetensorsError) {
    var done = 0
    while done < bytes.count, let base = bytes.baseAddress {
      let count = pwrite(value, base + done, bytes.count - done, off_t(offset + done))
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        throw SafetensorsError(path: path, problem: .system(action: "write", code: count < 0 ? errno : EIO))
      }
      done += count
    }
  }
}
