import Glibc

/// The processors that this process may compute on.
package enum ProcessorCount {
  /// The number of processors that the process's affinity allows, and no more than its control group gives it time for;
  /// 1 at least. More threads than that would all stop for the rest of each period once its time is used up.
  package static let usable: Int = {
    var set = cpu_set_t()
    // The call fails where the machine has more processors than the set.
    let isKnown = sched_getaffinity(0, MemoryLayout<cpu_set_t>.size, &set) == 0
    let allowed = withUnsafeBytes(of: &set) { bytes in bytes.reduce(0) { $0 + $1.nonzeroBitCount } }
    let count = isKnown ? allowed : Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    let limit = ControlGroup.system.processorLimit.map { Int($0.rounded(.up)) }
    return max(1, min(count, limit ?? count))
  }()
}
