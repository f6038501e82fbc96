import Files
import Glibc
import Synchronization

/// What the private files of one purpose may take together, such as those of downloads. A file gives its part back when
/// it is closed, in whatever way.
final class FileBudget: Sendable {
  private let countLimit: Int
  private let byteLimit: Int
  private let taken = Mutex((count: 0, byteCount: 0))

  init(countLimit: Int, byteLimit: Int) {
    self.countLimit = countLimit
    self.byteLimit = byteLimit
  }

  /// Whether a further file may be begun.
  var hasRoom: Bool { taken.withLock { $0.count < countLimit && $0.byteCount < byteLimit } }

  /// The number of files, and their bytes.
  var use: (count: Int, byteCount: Int) { taken.withLock { $0 } }

  /// Takes a part.
  /// - Throws: `FileError` of a full disk where that is too much.
  func take(count: Int = 0, byteCount: Int = 0) throws(FileError) {
    let hasRoom = taken.withLock { taken in
      guard taken.count + count <= countLimit, taken.byteCount + byteCount <= byteLimit else { return false }
      taken.count += count
      taken.byteCount += byteCount
      return true
    }
    guard hasRoom else {
      throw FileError(
        path: "temporary files", problem: "take all that they may", reason: String(cString: strerror(EDQUOT)))
    }
  }

  /// Gives a part back.
  func give(count: Int, byteCount: Int) {
    taken.withLock { taken in
      taken.count -= count
      taken.byteCount -= byteCount
    }
  }
}
