import CLKernels
import CPUKernels
import FoundationEssentials
import MessagePassing
import Models
import Runtime

/// The ranks that this process is one of, and its share of the machine.
struct RankPlace {
  let ranks: Communicator
  /// Threads of the processor; nil for as many as a process takes by itself.
  let threadCount: Int?

  /// A process that has the machine to itself.
  static let single = RankPlace(ranks: .single, threadCount: nil)

  private init(ranks: Communicator, threadCount: Int?) {
    self.ranks = ranks
    self.threadCount = threadCount
  }

  /// Divides the machine among the ranks on it: the threads that `RECOLOR_THREADS` says equally, else each core among
  /// those that the launcher lets run there.
  init(of ranks: Communicator) throws(MessagePassingError) {
    guard ranks.rankCount > 1 else {
      self = .single
      return
    }
    let own = ThreadPool.usableProcessors
    let all = try ranks.allGather(Array(own.map(String.init).joined(separator: " ").utf8))
    let onHost = ranks.ranksOnHost.map { Set(String(decoding: all[$0], as: UTF8.self).split(separator: " ")) }
    let count = ThreadPool.defaultWorkerCount
    let isStated = !(ProcessInfo.processInfo.environment["RECOLOR_THREADS"] ?? "").isEmpty
    let share =
      isStated
      ? Double(count) / Double(ranks.localRankCount)
      : Double(count) * own.reduce(0) { sum, core in sum + 1 / Double(onHost.count { $0.contains("\(core)") }) }
        / Double(own.count)
    self.init(ranks: ranks, threadCount: max(1, Int(share)))
  }

  /// Returns the GPU of this rank: of the n-th on a machine the n-th one. Nil where the process has the machine to
  /// itself, or there is none.
  func ownGPU(for selection: DeviceSelection) throws(BackendError) -> CLDevice? {
    guard ranks.localRankCount > 1 else { return nil }
    let gpus = try CLDevice.all().filter { $0.kind == .gpu }
    guard !gpus.isEmpty else { return nil }
    guard ranks.localRank < gpus.count else {
      throw .noSuchDevice(
        "--device \(selection): \(Format.counted(gpus.count, "GPU")) for \(ranks.localRankCount) ranks on this machine; "
          + "start one for each, or compute with --device cpu")
    }
    return gpus[ranks.localRank]
  }

  /// Throws where another rank of the machine has the same device, which is not the processor.
  func requireOwn(_ backend: any Backend) throws(BackendError) {
    let device = (backend as? CLBackend)?.device
    do throws(MessagePassingError) {
      try ranks.requireOwnDevice(device.flatMap { $0.kind == .cpu ? nil : backend.name })
    } catch {
      throw .messages(error)
    }
  }

  /// Returns the device of a run that is resumed: of several ranks each takes its own, of the same kind.
  func device(of recorded: DeviceSelection) -> DeviceSelection {
    ranks.rankCount > 1 && recorded != .cpu ? .openCL : recorded
  }

  /// Opens the folder of a run to resume it, on the first rank, and gives all its configuration.
  func openRun(_ folder: String) throws -> (RunDirectory, RunConfiguration) {
    let url = URL(filePath: folder)
    guard ranks.rank == 0 else {
      let text = try ranks.broadcast([])
      return (RunDirectory(opening: url), try JSONDecoder().decode(RunConfiguration.self, from: Data(text)))
    }
    try RunPlace.requireRun(folder)
    let directory = try RunDirectory(resuming: url)
    let configuration = try directory.readConfiguration()
    _ = try ranks.broadcast([UInt8](try JSONEncoder().encode(configuration)))
    return (directory, configuration)
  }
}
