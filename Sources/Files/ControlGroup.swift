import FoundationEssentials
import Glibc
import Synchronization

/// The limits that Linux control groups set on this process's processor time and memory, a container's for example.
package struct ControlGroup {
  /// Text of a file; nil where there is none.
  private let read: (_ path: String) -> String?
  /// The processes that divide the memory equally among them.
  package let processCount: Int

  /// - Parameters:
  ///   - processCount: The processes that divide the memory equally among them.
  ///   - read: Returns the text of a file; nil where there is none.
  package init(processCount: Int = 1, read: @escaping (_ path: String) -> String?) {
    self.processCount = processCount
    self.read = read
  }

  /// The files of this machine, whose memory this process shares as `shareMemory` says.
  package static var system: ControlGroup {
    ControlGroup(processCount: sharers.load(ordering: .relaxed)) { path in
      FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
  }

  private static let sharers = Atomic(1)

  /// Divides this machine's memory among so many processes that compute together, of which this is one.
  package static func shareMemory(among processCount: Int) { sharers.store(processCount, ordering: .relaxed) }

  /// A folder with the files of one group.
  private struct Group {
    let folder: String
    /// Whether the files are those of version 2.
    let isVersionTwo: Bool
  }

  /// Returns the folders of the process's group and of those around it, as far as they are mounted, for a controller.
  private func groups(of controller: String) -> [Group] {
    // Lines of /proc/self/cgroup are `number:controllers:path`; version 2 has no controllers.
    let lines = (read("/proc/self/cgroup") ?? "").split(separator: "\n").map {
      $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
    }
    var groups: [Group] = []
    for line in lines where line.count == 3 {
      let isVersionTwo = line[1].isEmpty
      guard isVersionTwo || line[1].split(separator: ",").contains(Substring(controller)) else { continue }
      for mount in mounts(of: controller, isVersionTwo, named: line[1]) {
        groups += Self.folders(of: line[2], in: mount).map { Group(folder: $0, isVersionTwo: isVersionTwo) }
      }
    }
    return groups
  }

  /// A place where groups are mounted.
  private struct Mount {
    /// The group that is mounted there: `/`, or in a container the container's own.
    let root: String
    let place: String
  }

  /// Returns the mounts of a controller by /proc/self/mountinfo, or the usual ones.
  private func mounts(of controller: String, _ isVersionTwo: Bool, named controllers: String) -> [Mount] {
    let found = (read("/proc/self/mountinfo") ?? "").split(separator: "\n").compactMap { line -> Mount? in
      // `36 35 0:32 ROOT PLACE options … - type source options`, where blanks in a path are octal.
      let words = line.split(separator: " ").map { String($0).replacing("\\040", with: " ") }
      guard let dash = words.firstIndex(of: "-"), dash >= 6, words.count > dash + 3 else { return nil }
      let isMatch =
        isVersionTwo
        ? words[dash + 1] == "cgroup2"
        : words[dash + 1] == "cgroup" && words[dash + 3].split(separator: ",").contains(Substring(controller))
      return isMatch ? Mount(root: words[3], place: words[4]) : nil
    }
    guard found.isEmpty else { return found }
    let usual = isVersionTwo ? [""] : ["/\(controller)", "/\(controllers)"]
    return usual.map { Mount(root: "/", place: "/sys/fs/cgroup\($0)") }
  }

  /// Returns the folders of the group `path` and of those around it in a mount. The mount itself is among them: in a
  /// container, the group may be mounted as the root though its path is the machine's.
  private static func folders(of path: String, in mount: Mount) -> [String] {
    let (parts, root) = (path.split(separator: "/"), mount.root.split(separator: "/"))
    guard parts.starts(with: root) else { return [mount.place] }
    let inner = parts.dropFirst(root.count)
    return (0...inner.count).reversed().map { mount.place + inner.prefix($0).map { "/\($0)" }.joined() }
  }

  private func number(_ path: String) -> Double? {
    read(path).flatMap { Double($0.filter { !$0.isWhitespace }) }
  }
}

// MARK: Processor time

extension ControlGroup {
  /// Processors' worth of time that this process may use, by the strictest of its groups and of those around them; nil
  /// where none has a limit.
  package var processorLimit: Double? {
    groups(of: "cpu").compactMap { $0.isVersionTwo ? versionTwoLimit($0.folder) : versionOneLimit($0.folder) }.min()
  }

  /// `cpu.max`: quota and period in microseconds, or `max` and period.
  private func versionTwoLimit(_ folder: String) -> Double? {
    let words = (read("\(folder)/cpu.max") ?? "").split(whereSeparator: \.isWhitespace)
    guard words.count == 2 else { return nil }
    return Self.limit(quota: Double(words[0]), period: Double(words[1]))
  }

  /// `cpu.cfs_quota_us`, −1 for no limit, and `cpu.cfs_period_us`.
  private func versionOneLimit(_ folder: String) -> Double? {
    Self.limit(quota: number("\(folder)/cpu.cfs_quota_us"), period: number("\(folder)/cpu.cfs_period_us"))
  }

  private static func limit(quota: Double?, period: Double?) -> Double? {
    guard let quota, let period, quota > 0, period > 0 else { return nil }
    return quota / period
  }
}

// MARK: Memory

extension ControlGroup {
  /// Bytes that this process may allocate before a group's limit is reached, by the strictest of its groups and of
  /// those around them; nil where none has a limit. Processes that share the memory may each allocate their part.
  ///
  /// The limit less what the group's processes use. Files that the system keeps in memory count as free: it drops them
  /// where memory is needed. In version 2 a group above `memory.high` is not ended, as it is at `memory.max`, but
  /// slowed down until it is below: a computation is not to get there either.
  package var availableMemory: Int? {
    groups(of: "memory").compactMap { group in
      let (limitFiles, useFile, prefix) =
        group.isVersionTwo
        ? (["memory.max", "memory.high"], "memory.current", "")
        : (["memory.limit_in_bytes"], "memory.usage_in_bytes", "total_")
      // Version 2 writes `max` for no limit, version 1 the largest multiple of a page.
      let limits = limitFiles.compactMap { number("\(group.folder)/\($0)") }.filter { $0 >= 0 && $0 < 0x1p62 }
      guard let limit = limits.min() else { return nil }
      let use = number("\(group.folder)/\(useFile)") ?? 0
      let files = sum(of: ["\(prefix)inactive_file", "\(prefix)active_file"], in: "\(group.folder)/memory.stat")
      return Int(max(0, limit - max(0, use - files))) / processCount
    }.min()
  }

  /// Bytes of the machine's memory that this process may use: its part of all, or of what its groups leave.
  package var usableMemory: Int { min(Self.machineMemory / processCount, availableMemory ?? .max) }

  /// Bytes of the machine's memory.
  package static var machineMemory: Int { Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE))) }

  /// Returns the sum of the numbers of the given names in a file of lines `name number`.
  private func sum(of names: [Substring], in path: String) -> Double {
    (read(path) ?? "").split(separator: "\n").reduce(0) { sum, line in
      let words = line.split(separator: " ")
      guard words.count == 2, names.contains(words[0]), let number = Double(words[1]) else { return sum }
      return sum + number
    }
  }
}
