import Files
import Synchronization
import TestSupport
import Testing

@testable import MessagePassing

/// Calls between ranks that are threads.
@Suite("Communicator")
struct CommunicatorTests {
  @Test("One rank has everything already")
  func single() throws {
    let ranks = Communicator.single
    #expect(ranks.rank == 0 && ranks.rankCount == 1 && ranks.localRank == 0 && ranks.localRankCount == 1)
    let hasEnded = Atomic(false)
    try withValues([1, 2]) { values in
      let sum = ranks.startSum(
        of: values, isReady: { false }, whenDone: { _ in hasEnded.store(true, ordering: .relaxed) })
      try ranks.wait(for: sum)
      #expect(Array(values) == [1, 2] && hasEnded.load(ordering: .relaxed))
    }
    #expect(try ranks.broadcast([1]) == [1] && ranks.gather([2]) == [[2]] && ranks.allGather([3]) == [[3]])
    #expect(try ranks.isAny(true) && !ranks.isAny(false))
    try ranks.requireAgreement(on: [("seed", "1")])
    try ranks.requireOwnDevice(DeviceIdentity(name: "opencl:0.0"))
    #expect(try ranks.ownDevice(among: [DeviceIdentity(name: "opencl:0.0")]) == 0)
    try ranks.barrier()
    try ranks.leave()
  }

  @Test("Bytes of any length come to where they belong", arguments: [2, 4, 8])
  func bytes(rankCount: Int) throws {
    let all = (0..<rankCount).map { [UInt8](repeating: UInt8($0 + 1), count: $0 * 1000) }
    let results = try InProcessRanks.run(rankCount) { ranks in
      let own = all[ranks.rank]
      for root in 0..<rankCount { #expect(try ranks.broadcast(own, from: root) == all[root]) }
      #expect(try ranks.gather(own) == (ranks.rank == 0 ? all : []))
      #expect(try ranks.allGather(own) == all)
      for other in 0..<rankCount { #expect(try ranks.isAny(ranks.rank == other)) }
      #expect(try !ranks.isAny(false))
      try ranks.barrier()
      return ranks.rank
    }
    #expect(results == Array(0..<rankCount))
  }

  @Test("A rank knows those on its machine")
  func hosts() throws {
    let results = try InProcessRanks.run(4, ranksPerHost: 2) { ($0.ranksOnHost, $0.localRank, $0.localRankCount) }
    #expect(results.map(\.0) == [[0, 1], [0, 1], [2, 3], [2, 3]])
    #expect(results.map(\.1) == [0, 1, 0, 1] && results.allSatisfy { $0.2 == 2 })
  }

  @Test("The first difference is named on every rank")
  func disagreement() throws {
    let errors = try InProcessRanks.run(4) { ranks in
      try ranks.requireAgreement(on: [("seed", "1"), ("width", "16")])
      return error {
        try ranks.requireAgreement(on: [
          ("seed", "1"), ("width", ranks.rank == 2 ? "64" : "16"), ("data", "\(ranks.rank)"),
        ])
      }
    }
    #expect(errors == Array(repeating: .disagreement(on: "width", rank: 2, text: "64", firstText: "16"), count: 4))
    let shorter = try InProcessRanks.run(2) { ranks in
      error { try ranks.requireAgreement(on: ranks.rank == 0 ? [("seed", "1"), ("width", "16")] : [("seed", "1")]) }
    }
    #expect(shorter == Array(repeating: .disagreement(on: "width", rank: 1, text: "none", firstText: "16"), count: 2))
  }

  @Test("A device of a machine has one rank")
  func devices() throws {
    @Sendable func device(_ number: Int) -> DeviceIdentity { DeviceIdentity(name: "opencl:0.\(number)") }
    let errors = try InProcessRanks.run(4, ranksPerHost: 2) { ranks in
      try ranks.requireOwnDevice(nil)
      try ranks.requireOwnDevice(device(ranks.localRank))
      // Schedulers show each process a device of its own, as its first one.
      try ranks.requireOwnDevice(
        DeviceIdentity(name: "opencl:0.0", platform: "A", isFirst: true, pciAddress: "\(ranks.localRank)", uuid: "1"))
      return error { try ranks.requireOwnDevice(ranks.rank == 0 ? device(1) : device(0)) }
    }
    #expect(errors == Array(repeating: .deviceTakenTwice(device: "opencl:0.0", ranks: [2, 3]), count: 4))
  }

  @Test("Ranks take devices of their own on their machine")
  func ownDevices() throws {
    let found = try InProcessRanks.run(4, ranksPerHost: 2) { ranks in
      let all = ["a", "b"].map { DeviceIdentity(name: "opencl:0.0", pciAddress: $0) }
      return [try ranks.ownDevice(among: all), try ranks.ownDevice(among: ranks.rank == 2 ? [] : [all[1]])]
    }
    #expect(found == [[0, 0], [1, nil], [0, nil], [1, 0]])
  }

  @Test("A sum that nobody waits for keeps its values until its messages have ended")
  func owner() throws {
    let isFreed = Monitor(false)
    let isLeft = Monitor(false)
    let sums = try InProcessRanks.run(2) { ranks in
      if ranks.rank == 0 {
        var owner: Owner? = Owner(isFreed)
        if let owner { _ = ranks.startSum(of: owner.vector.values, keeping: owner) }
        owner = nil
        #expect(isFreed.withLock { !$0 })
        isLeft.withLock { $0 = true }
        try ranks.barrier()
        return [Float]()
      }
      isLeft.wait { $0 ? () : nil }
      let vector = SumVector([1, 2])
      try ranks.wait(for: ranks.startSum(of: vector.values, keeping: vector))
      try ranks.barrier()
      return Array(vector.values)
    }
    #expect(sums == [[], [4, 6]])
    #expect(isFreed.withLock { $0 })
  }

  @Test("Where messages fail, their values stay")
  func ownerAfterFailure() throws {
    let isFreed = Monitor(false)
    let errors = try InProcessRanks.run(2, timeLimit: 0.5) { ranks in
      // Rank 1 sends nothing.
      guard ranks.rank == 0 else { return MessagePassingError?.none }
      let owner = Owner(isFreed)
      return error { try ranks.wait(for: ranks.startSum(of: owner.vector.values, keeping: owner)) }
    }
    #expect(errors[0] == .silence(of: "rank 1 sent nothing", seconds: 0.5))
    #expect(isFreed.withLock { !$0 })
  }

  @Test("A sum waits until its values are ready, and others go on meanwhile")
  func readiness() throws {
    let calls = Monitor<[String]>([])
    let isReady = Atomic(false)
    _ = try InProcessRanks.run(2) { ranks in
      try withValues([1]) { late in
        try withValues([2]) { early in
          late[0] = 0
          let lateSum = ranks.startSum(
            of: late, isReady: { isReady.load(ordering: .acquiring) },
            whenDone: { error in calls.withLock { $0.append(error == nil ? "late" : "failed") } })
          try ranks.sum(early)
          #expect(early[0] == 4 && calls.withLock { $0.isEmpty })
          try ranks.barrier()
          late[0] = 3
          try ranks.barrier()
          isReady.store(true, ordering: .releasing)
          try ranks.wait(for: lateSum)
          #expect(late[0] == 6)
        }
      }
      #expect(ranks.secondsWaited > 0)
    }
    #expect(calls.withLock { $0 } == ["late", "late"])
  }

  @Test("A lost message ends all calls with its reason, those that follow as well")
  func failure() throws {
    let errors = try InProcessRanks.run(2, timeLimit: 0.5, failing: (rank: 1, messages: 4)) { ranks in
      let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: 1)
      defer { values.deallocate() }
      values.initialize(repeating: 1)
      let ends = Monitor<[MessagePassingError?]>([])
      func sum() -> MessagePassingError? {
        error {
          try ranks.wait(for: ranks.startSum(of: values, whenDone: { error in ends.withLock { $0.append(error) } }))
        }
      }
      let first = (0..<4).lazy.compactMap { _ in sum() }.first
      #expect(sum() == first)
      #expect(ends.withLock { $0.suffix(2) } == [first, first])
      return first
    }
    #expect(errors[0] == .silence(of: "rank 1 sent nothing", seconds: 0.5))
    #expect(errors[1] == .call(reason: "the message was lost"))
  }

  @Test("Values that never will be ready are an error")
  func neverReady() throws {
    struct Fault: Error, CustomStringConvertible { let description = "the device is gone" }
    let errors = try InProcessRanks.run(2, timeLimit: 0.5) { ranks in
      withValues([1]) { values in
        error { try ranks.wait(for: ranks.startSum(of: values, isReady: { throw Fault() })) }
      }
    }
    #expect(errors == Array(repeating: .notReady(reason: "the device is gone"), count: 2))
  }

  @Test("Launchers are known by their variables")
  func launchers() {
    func launcher(_ environment: [String: String]) -> Launcher? { Launcher { environment[$0] } }
    #expect(launcher(["HOME": "/"]) == nil)
    let openMPI = launcher(["OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "4"])
    #expect(openMPI?.rank == 1 && openMPI?.rankCount == 4)
    let mpich = launcher(["PMI_RANK": "2", "PMI_SIZE": "8"])
    #expect(mpich?.rank == 2 && mpich?.rankCount == 8)
    let slurm = launcher(["PMIX_RANK": "3"])
    #expect(slurm?.rank == 3 && slurm?.rankCount == nil)
  }
}

/// The owner of a sum's values, which tells its end.
private final class Owner {
  let vector = SumVector([3, 4])
  private let isFreed: Monitor<Bool>

  init(_ isFreed: Monitor<Bool>) { self.isFreed = isFreed }

  deinit { isFreed.withLock { $0 = true } }
}

/// Calls `body` with a vector in memory that stays.
private func withValues<Result>(
  _ values: [Float], _ body: (UnsafeMutableBufferPointer<Float>) throws -> Result
) rethrows -> Result {
  let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: values.count)
  defer { memory.deallocate() }
  _ = memory.initialize(from: values)
  return try body(memory)
}

/// Returns the error that `body` throws; nil where it throws none.
private func error(_ body: () throws -> Void) -> MessagePassingError? {
  do {
    try body()
    return nil
  } catch {
    return error as? MessagePassingError
  }
}
