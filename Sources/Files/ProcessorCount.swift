import Glibc

/// The processors that this process may compute on.
package enum ProcessorCount {
  /// The number of processors that the process's affinity allows, and no more than its control group gives it time for;
  /// 1 at least. More threads than that would all stop for the rest of each period once its time is used up.
  package static let usable: Int = {
    let status = (try? readText("/proc/self/status")) ?? ""
    let count = allowed(inStatus: status) ?? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let limit = ControlGroup.system.processorLimit.map { Int($0.rounded(.up)) }
    return max(1, min(count, limit ?? count))
  }()

  /// Returns the number of processors in the mask `Cpus_allowed` of /proc/self/status: groups of hexadecimal digits,
  /// separated by commas; nil where there is none.
  static func allowed(inStatus text: String) -> Int? {
    let name = "Cpus_allowed:"
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return nil }
    let count = line.dropFirst(name.count).reduce(0) { $0 + ($1.hexDigitValue?.nonzeroBitCount ?? 0) }
    return count > 0 ? count : nil
  }
}
