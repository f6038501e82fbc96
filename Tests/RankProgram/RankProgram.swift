import Glibc
import MessagePassing

/// A program for tests, and for measurements of messages: under `mpirun` its processes are ranks.
@main
struct RankProgram {
  /// An error that a single rank meets, which ends it with 7.
  struct Fault: Error, CustomStringConvertible {
    let description: String
  }

  static func main() {
    do {
      try run(CommandLine.arguments.dropFirst().first ?? "sums")
    } catch {
      let isOfAllRanks = (error as? MessagePassingError)?.isOfAllRanks ?? false
      Communicator.exit(code: error is Fault ? 7 : 1, isOfAllRanks: isOfAllRanks) { write("error: \(error)") }
    }
  }

  /// Writes a line in one piece, so that those of several ranks do not mix.
  static func write(_ line: String) {
    let line = line + "\n"
    _ = line.withCString { Glibc.write(STDOUT_FILENO, $0, strlen($0)) }
  }

  /// Does what the argument says, on each rank.
  static func run(_ task: String) throws {
    let isOdd = (Launcher.current?.rank ?? 0) % 2 == 1
    // A rank that never comes.
    if task == "absent", isOdd { sleep(1000) }
    let ranks = try Communicator.join(version: task == "versions" && isOdd ? "2" : "1")
    switch task {
    case "sums":
      let digest = try ReplicaSums.digest(of: ReplicaSums(replicaCount: 8).sums(on: ranks))
      write("rank \(ranks.rank) of \(ranks.rankCount): \(digest)")
    case "bytes": try checkBytes(ranks)
    case "options": try ranks.requireAgreement(on: [("seed", "1"), ("width", isOdd ? "64" : "16")])
    case "device": try ranks.requireOwnDevice(DeviceIdentity(name: "opencl:0.0"))
    case "silence": if isOdd { sleep(1000) } else { try ranks.barrier() }
    case "killed": if isOdd { kill(getpid(), SIGKILL) } else { try ranks.barrier() }
    case "fault":
      if ranks.rank == 1 { throw Fault(description: "rank \(ranks.rank) failed") } else { try ranks.barrier() }
    case "speed": try measure(ranks)
    default: throw Fault(description: "\(task): no such task")
    }
    try ranks.leave()
  }

  /// Checks every call for bytes.
  static func checkBytes(_ ranks: Communicator) throws {
    func bytes(_ rank: Int) -> [UInt8] { [UInt8](repeating: UInt8(rank), count: rank * 100_000) }
    func check(_ isRight: Bool, _ name: String) throws {
      if !isRight { throw Fault(description: "rank \(ranks.rank): \(name) is wrong") }
    }
    let all = (0..<ranks.rankCount).map(bytes)
    let last = ranks.rankCount - 1
    try check(try ranks.broadcast(bytes(ranks.rank), from: last) == bytes(last), "broadcast")
    try check(try ranks.gather(bytes(ranks.rank)) == (ranks.rank == 0 ? all : []), "gather")
    try check(try ranks.allGather(bytes(ranks.rank)) == all, "allGather")
    try check(try ranks.isAny(ranks.rank == last), "isAny of one")
    try check(try !ranks.isAny(false), "isAny of none")
    try check(ranks.localRankCount == ranks.rankCount && ranks.localRank == ranks.rank, "localRank")
    try ranks.requireAgreement(on: [("seed", "1")])
    try ranks.requireOwnDevice(DeviceIdentity(name: "opencl:0.\(ranks.rank)"))
    try ranks.requireOwnDevice(nil)
    try ranks.barrier()
    write("rank \(ranks.rank): right")
  }

  /// Writes how long sums of several lengths take, the median of some.
  static func measure(_ ranks: Communicator) throws {
    for shift in stride(from: 0, through: 24, by: 4) {
      let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: 1 << shift)
      defer { values.deallocate() }
      values.initialize(repeating: 0)
      var seconds: [Double] = []
      for _ in 0..<(shift > 16 ? 9 : 99) {
        try ranks.barrier()
        let start = ContinuousClock.now
        try ranks.wait(for: ranks.startSum(of: values))
        seconds.append(start.duration(to: .now) / .seconds(1))
      }
      let median = seconds.sorted()[seconds.count / 2]
      if ranks.rank == 0 {
        write("\(ranks.rankCount) ranks, \(values.count) floats: \(Int(median * 1e6)) µs")
      }
    }
  }
}
