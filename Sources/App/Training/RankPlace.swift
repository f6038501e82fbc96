import CLKernels
import CPUKernels
import Files
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

  /// Divides the machine among the ranks on it: its memory equally, and so the threads that `RECOLOR_THREADS` says,
  /// else each core among those that the launcher lets run there.
  init(of ranks: Communicator) throws(MessagePassingError) {
    guard ranks.rankCount > 1 else {
      self = .single
      return
    }
    ControlGroup.shareMemory(among: ranks.localRankCount)
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

  /// Returns the GPU of this rank, of those that it sees: where all ranks of a machine see the same, the n-th one takes
  /// the n-th. Nil where there is none, or the process has the machine to itself. Called on all ranks, whatever they
  /// compute on.
  /// - Parameters:
  ///   - selection: The value of `--device`, for the error.
  ///   - isWanted: Whether this rank takes a GPU.
  func ownGPU(for selection: DeviceSelection, isWanted: Bool) throws(BackendError) -> CLDevice? {
    guard ranks.rankCount > 1 else { return nil }
    // An error of listing the devices is thrown again, and reported, where a device is chosen.
    let gpus = isWanted && ranks.localRankCount > 1 ? ((try? CLDevice.all()) ?? []).filter { $0.kind == .gpu } : []
    let own: Int?
    do throws(MessagePassingError) {
      own = try ranks.ownDevice(among: gpus.map(\.identity))
    } catch {
      throw .messages(error)
    }
    if let own { return gpus[own] }
    guard gpus.isEmpty else {
      throw .noSuchDevice(
        "--device \(selection): \(Format.counted(gpus.count, "GPU")) for \(ranks.localRankCount) ranks on this machine; "
          + "start one for each, or compute with --device cpu")
    }
    return nil
  }

  /// Throws where another rank of the machine has the same device, which is not the processor.
  func requireOwn(_ backend: any Backend) throws(BackendError) {
    let device = (backend as? CLBackend)?.device
    do throws(MessagePassingError) {
      try ranks.requireOwnDevice(device.flatMap { $0.kind == .cpu ? nil : $0.identity })
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
