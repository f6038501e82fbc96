import Files
import Glibc
import Imaging
import Synchronization
import Testing

@testable import App

/// The turns of threads that color pictures, and their memory.
@Suite("Schedule of pictures")
struct PictureScheduleTests {
  /// The work that threads do at a time.
  private struct Work {
    var opened = 0
    var coloredByteCounts: [Int: Int] = [:]
    var order: [Int] = []
    var faults: [String] = []
    /// The most pictures that were colored at a time.
    var largestCount = 0
  }

  @Test("Pictures are opened one at a time, in their order, and take no more than the memory, or all of it alone")
  func memory() {
    let byteCounts = (0..<60).map { [10, 40, 25, 90, 250, 60][$0 % 6] }
    let memory = 100
    let schedule = PictureSchedule(count: byteCounts.count, memory: memory)
    let work = Mutex(Work())
    Parallel.forEach(4, threadCount: 4) { _ in
      while let place = schedule.next() {
        work.withLock { work in
          work.opened += 1
          work.order.append(place.index)
          if work.opened > 1 { work.faults.append("\(work.opened) are opened") }
        }
        usleep(200)
        work.withLock { $0.opened -= 1 }
        place.admit(byteCounts[place.index])
        work.withLock { work in
          work.coloredByteCounts[place.index] = byteCounts[place.index]
          work.largestCount = max(work.largestCount, work.coloredByteCounts.count)
          let sum = work.coloredByteCounts.values.reduce(0, +)
          if sum > memory, work.coloredByteCounts.count > 1 { work.faults.append("\(work.coloredByteCounts)") }
        }
        usleep(500)
        work.withLock { _ = $0.coloredByteCounts.removeValue(forKey: place.index) }
        place.end()
      }
    }
    let result = work.withLock { $0 }
    #expect(result.faults.isEmpty, "\(result.faults)")
    #expect(result.order == Array(byteCounts.indices))
    #expect(result.largestCount > 1)
    #expect(schedule.next() == nil)
  }

  @Test("A picture that fails before its memory is known gives its turn to the next one")
  func failures() throws {
    let schedule = PictureSchedule(count: 3, memory: 1)
    for index in 0..<3 {
      let place = try #require(schedule.next())
      #expect(place.index == index)
      place.end()
    }
    #expect(schedule.next() == nil)
  }

  @Test("A stopped schedule gives no further picture")
  func stopping() throws {
    let schedule = PictureSchedule(count: 3, memory: 1)
    let place = try #require(schedule.next())
    place.admit(1)
    schedule.stop()
    #expect(schedule.next() == nil)
    place.end()
    #expect(schedule.next() == nil)
  }

  @Test("A picture is tried again alone only where others were colored meanwhile", arguments: [false, true])
  func alone(isAdmitted: Bool) throws {
    let schedule = PictureSchedule(count: 4, memory: 100)
    let first = try #require(schedule.next())
    if isAdmitted { first.admit(10) }
    #expect(!first.becomeSole())
    first.admit(10)
    let second = try #require(schedule.next())
    if isAdmitted { second.admit(10) }
    let isSole = Atomic<Bool>(false)
    // Whether another picture was colored when the second one had become the sole one.
    let hadCompany = Atomic<Bool>(false)
    let isFirstEnded = Atomic<Bool>(false)
    Parallel.forEach(2, threadCount: 2) { index in
      if index == 0 {
        let isSoleNow = second.becomeSole()
        isSole.store(isSoleNow, ordering: .sequentiallyConsistent)
        hadCompany.store(!isFirstEnded.load(ordering: .sequentiallyConsistent), ordering: .sequentiallyConsistent)
        // Its memory is the whole; this changes nothing.
        second.admit(10)
        usleep(20_000)
        second.end()
      } else {
        usleep(20_000)
        isFirstEnded.store(true, ordering: .sequentiallyConsistent)
        first.end()
        // The next picture waits for the sole one's end.
        guard let third = schedule.next() else { return }
        third.admit(1)
        if !isSole.load(ordering: .sequentiallyConsistent) { hadCompany.store(true, ordering: .sequentiallyConsistent) }
        third.end()
      }
    }
    #expect(isSole.load(ordering: .relaxed) && !hadCompany.load(ordering: .relaxed))
    let last = try #require(schedule.next())
    last.admit(1000)
    last.end()
  }
}
