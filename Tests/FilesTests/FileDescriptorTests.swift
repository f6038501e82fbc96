import Files
import Foundation
import TestSupport
import Testing

@Suite("Open and mapped files")
struct FileDescriptorTests {
  @Test("Full disks are errors", .enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "needs /dev/full"))
  func fullDisksAreErrors() throws {
    let full = try FileDescriptor(path: "/dev/full", flags: O_WRONLY)
    let bytes = [UInt8](repeating: 0, count: 10)
    #expect(throws: FileError(path: "/dev/full", problem: "cannot be written", reason: "No space left on device")) {
      try bytes.withUnsafeBufferPointer { try full.append(UnsafeRawBufferPointer($0)) }
    }
  }

  @Test("Files larger than the limit are refused")
  func filesLargerThanTheLimitAreRefused() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/file"
    try AtomicFile.write([UInt8](0..<200), to: path)
    #expect(try readFile(path, limit: 200).count == 200)
    #expect(throws: FileError(path: path, problem: "cannot be read", reason: "it is larger than 199 bytes")) {
      try readFile(path, limit: 199)
    }
  }

  @Test("Mapped bytes are those of the file")
  func mappedBytesAreThoseOfTheFile() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/file"
    let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    try AtomicFile.write(bytes, to: path)
    let file = try MappedFile(path: path)
    // A mapping keeps the bytes of the file that was replaced.
    try AtomicFile.write([1], to: path)
    #expect(file.bytes.elementsEqual(bytes))
    #expect(try MappedFile(path: path).bytes.count == 1)
    try AtomicFile.write([], to: path)
    #expect(try MappedFile(path: path).bytes.isEmpty)
  }

  @Test("Only ordinary files are mapped", .timeLimit(.minutes(1)))
  func onlyOrdinaryFilesAreMapped() throws {
    let folder = try TemporaryFolder()
    let pipe = "\(folder.path)/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    for (path, reason) in [
      (pipe, "it is no ordinary file"), ("/dev/null", "it is no ordinary file"), (folder.path, "it is a folder"),
      ("\(folder.path)/none", "No such file or directory"),
    ] {
      #expect(throws: FileError(path: path, problem: "cannot be read", reason: reason)) {
        _ = try MappedFile(path: path)
      }
      #expect(throws: FileError(path: path, problem: "cannot be read", reason: reason)) {
        _ = try readOrdinaryFile(path)
      }
    }
  }

  @Test("Shortages of the system are told from faults of a file")
  func shortages() {
    for (code, isShortage) in [(EMFILE, true), (ENFILE, true), (ENOMEM, true), (EACCES, false), (ENOENT, false)] {
      let error = FileError(path: "a", problem: "cannot be read", reason: String(cString: strerror(code)))
      #expect(error.isShortage == isShortage)
    }
  }

  @Test("A full disk is told from other errors")
  func fullDisks() {
    for (code, isFullDisk) in [(ENOSPC, true), (EDQUOT, true), (EFBIG, false), (EIO, false), (EROFS, false)] {
      let error = FileError(path: "a", problem: "cannot be written", reason: String(cString: strerror(code)))
      #expect(error.isFullDisk == isFullDisk)
    }
  }
}
