import CArchive
import Files
import Foundation
import TestSupport

@testable import Data

/// A small archive with the structure of the published one.
struct TestArchive {
  enum Entry {
    case file(String, [UInt8])
    case link(String, to: String)
  }

  let bytes: [UInt8]
  let archive: CIFARArchive

  /// Files of one to six different records.
  static let members: [(name: String, bytes: [UInt8])] =
    (CIFAR10.Part.training.fileNames + CIFAR10.Part.test.fileNames).enumerated().map { index, name in
      // Noise, so that the compressed archive is large enough for interrupted downloads.
      var state = UInt32(index + 1)
      let records = (0...index).flatMap { _ in
        [UInt8(index)]
          + (0..<3072).map { _ in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(state >> 24)
          }
      }
      return (name, records)
    }

  /// Creates an archive of `entries`, by default the usual ones, whose description states `members`.
  init(_ entries: [Entry]? = nil) throws {
    let entries =
      entries
      ?? Self.members.map { .file("cifar-10-batches-bin/\($0.name)", $0.bytes) }
      + [.file("cifar-10-batches-bin/readme.html", [1, 2, 3])]
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/archive.tar.gz"
    try Self.write(entries, to: path)
    bytes = try readFile(path)
    let sums = try Self.members.map { member in
      CIFARArchive.Member(name: member.name, sha256: try SHA256.hexadecimal(of: member.bytes))
    }
    archive = CIFARArchive(
      name: "CIFAR-10", url: "http://127.0.0.1:1/", fileName: "cifar-10-binary.tar.gz",
      folderName: CIFAR10.folderName, byteCount: bytes.count, sha256: try SHA256.hexadecimal(of: bytes), members: sums)
  }

  /// Returns the description with the address of a server.
  func at(_ url: String) -> CIFARArchive {
    var archive = archive
    archive.url = url
    return archive
  }

  private static func write(_ entries: [Entry], to path: String) throws {
    let handle = archive_write_new()
    defer { archive_write_free(handle) }
    archive_write_add_filter_gzip(handle)
    archive_write_set_format_ustar(handle)
    guard archive_write_open_filename(handle, path) == ARCHIVE_OK else { throw POSIXError(.EIO) }
    for entry in entries {
      let header = archive_entry_new()
      defer { archive_entry_free(header) }
      archive_entry_set_perm(header, 0o644)
      switch entry {
      case .file(let name, let bytes):
        archive_entry_set_pathname(header, name)
        archive_entry_set_filetype(header, 0o100000)
        archive_entry_set_size(header, Int64(bytes.count))
        guard archive_write_header(handle, header) == ARCHIVE_OK,
          archive_write_data(handle, bytes, bytes.count) == bytes.count
        else { throw POSIXError(.EIO) }
      case .link(let name, let target):
        archive_entry_set_pathname(header, name)
        archive_entry_set_filetype(header, 0o120000)
        archive_entry_set_symlink(header, target)
        guard archive_write_header(handle, header) == ARCHIVE_OK else { throw POSIXError(.EIO) }
      }
    }
    guard archive_write_close(handle) == ARCHIVE_OK else { throw POSIXError(.EIO) }
  }
}
