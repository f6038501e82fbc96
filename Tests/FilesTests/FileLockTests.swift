import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Files

@Suite("File locks")
struct FileLockTests {
  @Test("A lock that is held names its process")
  func aLockThatIsHeldNamesItsProcess() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/.lock"
    try withExtendedLifetime(FileLock(path: path)) {
      _ = #expect(throws: FileLock.Held(process: Int(getpid()))) { try FileLock(path: path) }
    }
    _ = try FileLock(path: path)
  }

  @Test("Links and pipes under a lock's name are refused, and no other file is written", .timeLimit(.minutes(1)))
  func linksAreRefused() throws {
    let folder = try TemporaryFolder()
    let (target, path) = ("\(folder.path)/target", "\(folder.path)/.lock")
    try AtomicFile.write(Array("notes".utf8), to: target)
    #expect(symlink(target, path) == 0)
    let linked = FileError(
      path: path, problem: "cannot be opened", reason: "it is a link, which is not followed; remove it")
    #expect(throws: linked) { try FileLock(path: path) }
    Folder.removeFile(path)
    #expect(symlink("missing", path) == 0)
    #expect(throws: linked) { try FileLock(path: path) }
    Folder.removeFile(path)
    #expect(mkfifo(path, 0o600) == 0)
    #expect(throws: FileError(path: path, problem: "cannot be opened", reason: "it is no ordinary file")) {
      try FileLock(path: path)
    }
    Folder.removeFile(path)
    #expect(link(target, path) == 0)
    _ = try FileLock(path: path)
    #expect(try readFile(target) == Array("notes".utf8))
    #expect(!Folder.exists("\(folder.path)/missing"))
  }

  @Test("A file that is removed by the process that holds its lock is made anew for the next", .timeLimit(.minutes(1)))
  func removedWhileLocked() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/lock"
    let result = Result()
    let thread: WorkerThread?
    do {
      guard let held = try FileDescriptor.locked(ownFile: path) else {
        Issue.record("the lock was held")
        return
      }
      let isFree = try FileDescriptor.locked(ownFile: path) != nil
      #expect(!isFree)
      thread = WorkerThread {
        guard let next = try? FileDescriptor.locked(ownFile: path, isWaiting: true) else { return }
        result.hasName.withLock { $0 = !next.isRemoved }
      }
      // Gives the other thread the time to open the file.
      usleep(50_000)
      Folder.removeFile(path)
      let isRemoved = held.isRemoved
      #expect(isRemoved)
    }
    try #require(thread).join()
    #expect(result.hasName.withLock { $0 })
  }

  private final class Result: Sendable { let hasName = Mutex(false) }
}
