import CVectorLoops
import FoundationEssentials
import Glibc

extension ThreadPool {
  /// Cores that this process may run on, and no more than its control group gives it time for. Two hardware threads of
  /// one core count once: they share its vector units.
  public static var usableCoreCount: Int {
    let configured = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_CONF))))
    let usable = (0..<configured).filter { processor_is_usable(Int32($0)) }
    let cores = usable.isEmpty ? configured : Set(usable.map { siblings(of: $0) }).count
    // More threads than the limit allows would all stop for the rest of each period once its time is used up.
    let limit = ControlGroup.system.processorLimit.map { Int($0.rounded(.up)) }
    return max(1, min(cores, limit ?? cores))
  }

  /// Returns the kernel's list of the hardware threads of `processor`'s core, or the number itself.
  private static func siblings(of processor: Int) -> String {
    let path = "/sys/devices/system/cpu/cpu\(processor)/topology/thread_siblings_list"
    guard let file = fopen(path, "r") else { return "\(processor)" }
    defer { fclose(file) }
    var line = [UInt8](repeating: 0, count: 256)
    let length = fread(&line, 1, line.count, file)
    return length > 0 ? String(decoding: line[..<length], as: UTF8.self) : "\(processor)"
  }
}

/// The limits that Linux control groups set on this process's processor time, a container's for example.
struct ControlGroup {
  /// Text of a file; nil where there is none.
  let read: (_ path: String) -> String?

  /// The files of this machine.
  static var system: ControlGroup {
    ControlGroup { path in FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } }
  }

  /// Processors' worth of time that this process may use, by the strictest of its groups and of those around them; nil
  /// where none has a limit.
  var processorLimit: Double? {
    // Lines of /proc/self/cgroup are `number:controllers:path`; version 2 has no controllers.
    let lines = (read("/proc/self/cgroup") ?? "").split(separator: "\n").map {
      $0.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
    }
    var limits: [Double] = []
    for line in lines where line.count == 3 {
      let (controllers, path) = (line[1].split(separator: ","), line[2])
      if controllers.isEmpty {
        limits += Self.folders(from: path).compactMap { versionTwoLimit("/sys/fs/cgroup\($0)") }
      } else if controllers.contains("cpu") {
        for mount in ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/\(line[1])"] {
          limits += Self.folders(from: path).compactMap { versionOneLimit("\(mount)\($0)") }
        }
      }
    }
    return limits.min()
  }

  /// Returns `/a/b`, `/a` and the root, an empty string. In a container, the group itself may be mounted as the root.
  private static func folders(from path: String) -> [String] {
    let parts = path.split(separator: "/")
    return (0...parts.count).reversed().map { parts.prefix($0).map { "/\($0)" }.joined() }
  }

  /// `cpu.max`: quota and period in microseconds, or `max` and period.
  private func versionTwoLimit(_ folder: String) -> Double? {
    let words = (read("\(folder)/cpu.max") ?? "").split(whereSeparator: \.isWhitespace)
    guard words.count == 2 else { return nil }
    return Self.limit(quota: Double(words[0]), period: Double(words[1]))
  }

  /// `cpu.cfs_quota_us`, −1 for no limit, and `cpu.cfs_period_us`.
  private func versionOneLimit(_ folder: String) -> Double? {
    func number(_ file: String) -> Double? {
      read("\(folder)/\(file)").flatMap { Double($0.filter { !$0.isWhitespace }) }
    }
    return Self.limit(quota: number("cpu.cfs_quota_us"), period: number("cpu.cfs_period_us"))
  }

  private static func limit(quota: Double?, period: Double?) -> Double? {
    guard let quota, let period, quota > 0, period > 0 else { return nil }
    return quota / period
  }
}
