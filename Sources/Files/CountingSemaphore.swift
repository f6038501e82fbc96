import Glibc

/// A semaphore of the system, on which a thread waits for others no longer than it wants to.
///
/// `@unchecked Sendable`: any thread may call the system's functions on it, and it is destroyed with its last
/// reference.
package final class CountingSemaphore: @unchecked Sendable {
  private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  package init() { sem_init(semaphore, 0, 0) }

  deinit {
    sem_destroy(semaphore)
    semaphore.deallocate()
  }

  /// Adds one, which ends one wait.
  package func signal() { sem_post(semaphore) }

  /// Waits until there is one and takes it, at most for `seconds`.
  package func wait(seconds: Double) {
    var end = timespec()
    clock_gettime(CLOCK_REALTIME, &end)
    let nanoseconds = end.tv_nsec + Int(seconds * 1e9)
    end.tv_sec += nanoseconds / 1_000_000_000
    end.tv_nsec = nanoseconds % 1_000_000_000
    // An interrupted wait is a short one.
    sem_timedwait(semaphore, &end)
  }
}
