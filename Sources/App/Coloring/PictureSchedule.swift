import Files
import Glibc
import Imaging

/// The schedule of several threads that color pictures: each takes the next one when its turn comes and its memory is
/// free.
///
/// One picture at a time is opened, in their order. Once the head of its file says what memory it takes, it waits until
/// that is free, and the next one is opened while it is colored. A picture that takes more than there is waits until no
/// other is colored. Threads that wait leave their cores to the others.
final class PictureSchedule: Sendable {
  private struct State {
    /// The number of the next picture.
    var next = 0
    /// Whether a picture is opened whose memory is not known yet.
    var isOpening = false
    /// Number of pictures that are colored, and bytes that they take.
    var coloredCount = 0
    var byteCount = 0
    /// Number of pictures that have been admitted so far.
    var admittedCount = 0
    /// Number of threads that wait until no other picture is colored. They go first: others would come in between.
    var soleWaiterCount = 0
    var isStopped = false
  }

  private let count: Int
  /// Bytes for the pictures that are colored at a time.
  private let memory: Int
  private let state = Monitor(State())

  init(count: Int, memory: Int) {
    self.count = count
    self.memory = memory
  }

  /// A quarter of the memory that this process may use.
  static var usualMemory: Int {
    var limit = rlimit()
    let isLimited = getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0
    let addressSpace = isLimited ? Int(clamping: limit.rlim_cur) : .max
    return min(ControlGroup.system.usableMemory, addressSpace) / 4
  }

  /// Waits for the turn and returns the place of the next picture; nil where there is none, or the schedule is stopped.
  func next() -> Place? {
    Parallel.leavingCore {
      state.wait { state -> Place?? in
        if state.isStopped || state.next == count { return .some(nil) }
        if state.isOpening || state.soleWaiterCount > 0 { return nil }
        state.isOpening = true
        state.next += 1
        return Place(self, state.next - 1, isAlone: state.coloredCount == 0, admittedCount: state.admittedCount)
      }
    }
  }

  /// Lets no further picture be taken.
  func stop() { state.withLock { $0.isStopped = true } }

  /// A picture's place, of the thread that took it. It must be ended.
  final class Place {
    let index: Int
    private let schedule: PictureSchedule
    /// Bytes that are taken; nil until they are known.
    private var byteCount: Int?
    /// Whether no other picture was colored when this one was taken, and the number of those admitted until then.
    private let wasAlone: Bool
    private let admittedBefore: Int

    fileprivate init(_ schedule: PictureSchedule, _ index: Int, isAlone: Bool, admittedCount: Int) {
      self.schedule = schedule
      self.index = index
      wasAlone = isAlone
      admittedBefore = admittedCount
    }

    /// Waits until the picture's memory is free, and takes it. The next picture has its turn then. Does nothing for a
    /// picture that has its memory.
    func admit(_ byteCount: Int) {
      guard self.byteCount == nil else { return }
      let memory = schedule.memory
      Parallel.leavingCore {
        schedule.state.wait { state -> Void? in
          let isFree = state.coloredCount == 0 || byteCount <= memory - state.byteCount
          guard isFree, state.soleWaiterCount == 0 else { return nil }
          state.coloredCount += 1
          state.admittedCount += 1
          state.byteCount += byteCount
          state.isOpening = false
          return ()
        }
      }
      self.byteCount = byteCount
    }

    /// Waits until no other picture is colored, so that this one can be tried again with all that the system has.
    /// Returns false, without waiting, where no other one was colored from its beginning on.
    func becomeSole() -> Bool {
      let held = byteCount
      let hadCompany = schedule.state.withLock { state in
        let others = state.admittedCount - admittedBefore - (held == nil ? 0 : 1)
        guard !wasAlone || others > 0 else { return false }
        if let held {
          state.coloredCount -= 1
          state.byteCount -= held
        } else {
          state.isOpening = false
        }
        state.soleWaiterCount += 1
        return true
      }
      guard hadCompany else { return false }
      let memory = schedule.memory
      Parallel.leavingCore {
        schedule.state.wait { state -> Void? in
          guard state.coloredCount == 0 else { return nil }
          state.coloredCount = 1
          state.admittedCount += 1
          state.byteCount = memory
          state.soleWaiterCount -= 1
          return ()
        }
      }
      byteCount = memory
      return true
    }

    /// Gives back what the picture took.
    func end() {
      schedule.state.withLock { state in
        if let byteCount {
          state.coloredCount -= 1
          state.byteCount -= byteCount
        } else {
          state.isOpening = false
        }
      }
    }
  }
}
