import Foundation
import TestSupport
import Testing

@testable import Files

@Suite("Mapped files")
struct MappedFileTests {
  @Test func bytesAreTheFiles() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/file"
    let bytes = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
    try AtomicFile.write(bytes, to: path)
    let file = try MappedFile(path: path)
    // Who has a file mapped keeps its bytes, whatever takes its place.
    try AtomicFile.write([1], to: path)
    #expect(file.bytes.elementsEqual(bytes))
    #expect(try MappedFile(path: path).bytes.count == 1)
    try AtomicFile.write([], to: path)
    #expect(try MappedFile(path: path).bytes.isEmpty)
  }

  @Test(.timeLimit(.minutes(1))) func onlyOrdinaryFilesAreOpened() throws {
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
    }
  }
}
