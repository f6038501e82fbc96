import CArchive
import Glibc

/// A ZIP archive that is written piece by piece, without compression: pictures have their own.
///
/// Owned by one task at a time.
final class ZipWriter {
  private let handle: OpaquePointer
  private let output: Output

  /// The bytes that the library has written and nobody has taken yet.
  private final class Output {
    var bytes: [UInt8] = []
  }

  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  init() throws(Failure) {
    guard let handle = archive_write_new() else { throw Failure(description: "archive_write_new failed") }
    self.handle = handle
    output = Output()
    try check(archive_write_set_format_zip(handle))
    try check(archive_write_zip_set_compression_store(handle))
    try check(archive_write_set_bytes_per_block(handle, 0))
    // Names that are no ASCII are UTF-8 in any locale.
    try check(archive_write_set_options(handle, "zip:hdrcharset=UTF-8"))
    let status = archive_write_open(
      handle, Unmanaged.passUnretained(output).toOpaque(), nil,
      { _, context, bytes, count in
        guard let context, let bytes else { return -1 }
        Unmanaged<Output>.fromOpaque(context).takeUnretainedValue().bytes.append(
          contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        return count
      }, nil)
    try check(status)
  }

  deinit { archive_write_free(handle) }

  /// Takes what is written so far.
  func take() -> [UInt8] {
    defer { output.bytes = [] }
    return output.bytes
  }

  /// Begins a file.
  func begin(_ name: String, byteCount: Int) throws(Failure) {
    guard let entry = archive_entry_new() else { throw Failure(description: "archive_entry_new failed") }
    defer { archive_entry_free(entry) }
    archive_entry_set_pathname_utf8(entry, name)
    archive_entry_set_size(entry, Int64(byteCount))
    archive_entry_set_filetype(entry, 0o100_000)
    archive_entry_set_perm(entry, 0o644)
    archive_entry_set_mtime(entry, time(nil), 0)
    try check(archive_write_header(handle, entry))
  }

  /// Writes the next bytes of the file.
  func write(_ bytes: [UInt8]) throws(Failure) {
    let written = bytes.withUnsafeBytes { archive_write_data(handle, $0.baseAddress, $0.count) }
    guard written == bytes.count else { throw failure }
  }

  /// Ends the archive.
  func finish() throws(Failure) { try check(archive_write_close(handle)) }

  private func check(_ status: Int32) throws(Failure) {
    if status < ARCHIVE_WARN { throw failure }
  }

  private var failure: Failure {
    Failure(description: archive_error_string(handle).map { String(cString: $0) } ?? "the archive cannot be written")
  }
}
