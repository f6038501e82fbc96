import CArchive
import Files

/// A gzip-compressed tar archive, read from its start to its end by libarchive.
struct ArchiveReader: ~Copyable {
  private let handle: OpaquePointer
  private let path: String

  init(path: String) throws(DataError) {
    guard let handle = archive_read_new() else { throw .library("archive_read_new") }
    archive_read_support_filter_gzip(handle)
    archive_read_support_format_tar(handle)
    guard path.withPathBytes({ archive_read_open_filename(handle, $0, 1 << 16) }) == ARCHIVE_OK else {
      let error = Self.error(of: handle, path)
      archive_read_free(handle)
      throw error
    }
    self.handle = handle
    self.path = path
  }

  deinit { archive_read_free(handle) }

  /// Advances to the next ordinary file. Returns its path inside the archive, or nil at the end.
  func nextFile() throws(DataError) -> String? {
    while true {
      var entry: OpaquePointer?
      switch archive_read_next_header(handle, &entry) {
      case ARCHIVE_OK, ARCHIVE_WARN: break
      case ARCHIVE_EOF: return nil
      default: throw Self.error(of: handle, path)
      }
      // 0o100000 is AE_IFREG, a macro that Swift does not import.
      guard let entry, archive_entry_filetype(entry) == 0o100000, let name = archive_entry_pathname(entry) else {
        continue
      }
      let path = String(cString: name)
      return path.hasPrefix("./") ? String(path.dropFirst(2)) : path
    }
  }

  /// Writes the file that `nextFile` returned to `target`, and returns its SHA-256 in hexadecimal digits.
  func extract(to target: String) throws(DataError) -> String {
    var digest = SHA256()
    let file = try withDataErrors { () throws(FileError) in try AtomicFile(path: target, followingLinks: false) }
    var piece = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = archive_read_data(handle, &piece, piece.count)
      guard count >= 0 else { throw Self.error(of: handle, path) }
      if count == 0 { break }
      try piece.withUnsafeBufferPointer { buffer throws(DataError) in
        let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count])
        digest.update(bytes)
        try withDataErrors { () throws(FileError) in try file.append(bytes) }
      }
    }
    do {
      try file.commit()
    } catch {
      throw .file(error)
    }
    do {
      return try digest.finish()
    } catch {
      throw .library(error.function)
    }
  }

  private static func error(of handle: OpaquePointer, _ path: String) -> DataError {
    .archive(path: path, reason: archive_error_string(handle).map { String(cString: $0) } ?? "unknown reason")
  }
}
