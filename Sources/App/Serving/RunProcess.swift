import CProcesses
import Files
import Glibc
import Models

/// The process that trains in a run's folder: the one that holds the lock of its file `.lock`, as the system says.
struct RunProcess: Equatable, Sendable {
  let id: Int32
  /// Whether it belongs to the user of this process, who alone may stop it.
  let isOwn: Bool

  /// The process that holds the lock of a run's folder; nil where none does.
  /// - Parameter locks: The text of /proc/locks.
  init?(trainingIn folder: String, locks: String) {
    guard let status = Folder.status(of: Folder.path(of: ".lock", in: folder), followingLinks: false),
      let id = Self.holder(ofInode: UInt(status.st_ino), device: UInt(status.st_dev), locks: locks)
    else { return nil }
    self.id = id
    isOwn = Folder.status(of: "/proc/\(id)")?.st_uid == geteuid()
  }

  /// The system's list of locks; empty where there is none.
  static var systemLocks: String { (try? readText("/proc/locks")) ?? "" }

  /// Returns the process that holds a lock of flock(2), by lines such as
  /// `1: FLOCK  ADVISORY  WRITE 4242 fe:00:1234 0 EOF`.
  static func holder(ofInode inode: UInt, device: UInt, locks: String) -> Int32? {
    for line in locks.split(separator: "\n") {
      let words = line.split(separator: " ")
      // A process that waits for the lock has an arrow.
      guard words.count >= 6, words[1] == "FLOCK", words[3] == "WRITE", let id = Int32(words[4]), id > 0 else {
        continue
      }
      let place = words[5].split(separator: ":")
      guard place.count == 3, UInt(place[2]) == inode, let major = UInt(place[0], radix: 16),
        let minor = UInt(place[1], radix: 16), (major, minor) == Self.numbers(of: device)
      else { continue }
      return id
    }
    return nil
  }

  /// Returns the major and the minor number of a device.
  static func numbers(of device: UInt) -> (UInt, UInt) {
    ((device >> 8) & 0xFFF | (device >> 32) & ~0xFFF, device & 0xFF | (device >> 12) & ~0xFF)
  }

  /// Asks the process to save the run and to stop, as Ctrl-C does. When the process has ended and another one has got
  /// its number, that one gets no signal: a descriptor holds on to the process before the lock is looked at again.
  /// Kernels before 5.3 have no such descriptors; there the number is taken.
  /// - Parameter locks: Returns the text of /proc/locks.
  /// - Throws: `RunError` where the process does not train any more, or the system refuses.
  func stop(_ folder: String, locks: () -> String = { RunProcess.systemLocks }) throws(RunError) {
    let endedError = RunError.file(path: folder, reason: "process \(id) has ended")
    let descriptor = process_descriptor(id)
    let isMissing = descriptor < 0 && errno == ESRCH
    defer { if descriptor >= 0 { close(descriptor) } }
    // A process need not look for itself.
    let isHolder = id == getpid() || RunProcess(trainingIn: folder, locks: locks())?.id == id
    guard !isMissing, isHolder else { throw endedError }
    guard (descriptor < 0 ? kill(id, SIGTERM) : signal_process(descriptor, SIGTERM)) == 0 else {
      if errno == ESRCH { throw endedError }
      throw .file(path: folder, reason: "process \(id) cannot be stopped: \(FileDescriptor.lastReason())")
    }
  }
}
