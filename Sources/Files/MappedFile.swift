import Glibc

/// The bytes of an ordinary file, mapped into memory: the system reads a page when it is first accessed, and may drop
/// it again.
///
/// The file must not get shorter while it is mapped: access to the missing part ends the process. A file that is only
/// written by `AtomicFile` never gets shorter, because its successor is another file.
//
// Unchecked: only the range is stored, and its bytes are never written.
public final class MappedFile: @unchecked Sendable {
  public let bytes: UnsafeRawBufferPointer

  public init(path: String) throws(FileError) {
    let file = try FileDescriptor(readingOrdinaryFile: path)
    let byteCount = try file.byteCount()
    guard byteCount > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let start = mmap(nil, byteCount, PROT_READ, MAP_SHARED, file.rawValue, 0), start != MAP_FAILED else {
      throw FileError(path: path, problem: "cannot be read", reason: FileDescriptor.lastReason())
    }
    bytes = UnsafeRawBufferPointer(start: start, count: byteCount)
  }

  deinit {
    if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
  }
}
