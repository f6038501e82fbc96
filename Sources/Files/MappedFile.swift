import Glibc

/// An ordinary file's bytes in the address space: the system reads a page when it is first looked at, and may forget it again.
///
/// Nobody may make the file shorter meanwhile: to look at what is gone ends the process. A file that is only ever put in place
/// whole, by `AtomicFile`, never gets shorter: its successor is another file.
//
// Unchecked: nothing is stored but the range, and nobody writes to it.
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
