import Files
import Glibc
import Synchronization

/// The room that the private files of one purpose may take together, such as those of downloads, and how many of them
/// each owner may have.
final class FileBudget: Sendable {
  /// There is no room for a file until others are closed.
  struct NoRoom: Error {}

  private struct Use {
    /// Files of each owner.
    var counts: [String: Int] = [:]
    var byteCount = 0

    var count: Int { counts.values.reduce(0, +) }
  }

  private let countLimit: Int
  private let ownerCountLimit: Int
  private let byteLimit: Int
  private let taken = Mutex(Use())

  /// - Parameters:
  ///   - countLimit: Files of all owners.
  ///   - ownerCountLimit: Files of one of them.
  ///   - byteLimit: Bytes of all files.
  init(countLimit: Int, ownerCountLimit: Int, byteLimit: Int) {
    self.countLimit = countLimit
    self.ownerCountLimit = ownerCountLimit
    self.byteLimit = byteLimit
  }

  /// The number of files, and their bytes.
  var use: (count: Int, byteCount: Int) { taken.withLock { ($0.count, $0.byteCount) } }

  /// Takes a part for a file that is to be written.
  /// - Parameter byteCount: An estimate of the file's bytes. One of more than the whole budget takes the whole.
  /// - Throws: `NoRoom`.
  func part(for owner: String, byteCount: Int) throws(NoRoom) -> Part {
    let byteCount = min(byteCount, byteLimit)
    let hasRoom = taken.withLock { taken in
      guard taken.count < countLimit, taken.counts[owner, default: 0] < ownerCountLimit,
        byteCount <= byteLimit - taken.byteCount
      else { return false }
      taken.counts[owner, default: 0] += 1
      taken.byteCount += byteCount
      return true
    }
    guard hasRoom else { throw NoRoom() }
    return Part(of: self, for: owner, byteCount: byteCount)
  }

  /// The part of one file, which is given back when nobody holds it any more.
  final class Part: Sendable {
    private let budget: FileBudget
    private let owner: String
    private let state: Mutex<(byteCount: Int, lacksRoom: Bool)>

    fileprivate init(of budget: FileBudget, for owner: String, byteCount: Int) {
      self.budget = budget
      self.owner = owner
      state = Mutex((byteCount, false))
    }

    deinit {
      let byteCount = state.withLock { $0.byteCount }
      budget.taken.withLock { taken in
        taken.byteCount -= byteCount
        let count = taken.counts[owner, default: 0] - 1
        taken.counts[owner] = count > 0 ? count : nil
      }
    }

    /// Whether `cover` found no room, and there may be some when other files are closed.
    var lacksRoom: Bool { state.withLock { $0.lacksRoom } }

    /// Makes the part as large as a file that outgrows it.
    /// - Throws: `FileError` of a full disk where there is no room for that.
    func cover(_ byteCount: Int) throws(FileError) {
      let isCovered = state.withLock { state in
        let more = byteCount - state.byteCount
        guard more > 0 else { return true }
        let (hasRoom, isAlone) = budget.taken.withLock { taken in
          guard more <= budget.byteLimit - taken.byteCount else { return (false, taken.count == 1) }
          taken.byteCount += more
          return (true, false)
        }
        if hasRoom { state.byteCount = byteCount } else { state.lacksRoom = !isAlone }
        return hasRoom
      }
      guard isCovered else {
        throw FileError(
          path: "temporary files", problem: "take all that they may", reason: String(cString: strerror(EDQUOT)))
      }
    }

    /// Gives back what the file, which is written, did not need.
    func settle(_ byteCount: Int) {
      state.withLock { state in
        let less = state.byteCount - byteCount
        guard less > 0 else { return }
        budget.taken.withLock { $0.byteCount -= less }
        state.byteCount = byteCount
      }
    }
  }
}
