import CVectorLoops
import Files
import Glibc
import Runtime

extension ThreadPool {
  /// Cores that this process may run on, and no more than its control group gives it time for. Two hardware threads of
  /// one core count once: they share its vector units.
  public static var usableCoreCount: Int {
    let cores = Set(usableProcessors.map { siblings(of: $0) }).count
    // More threads than the limit allows would all stop for the rest of each period once its time is used up.
    let limit = ControlGroup.system.processorLimit.map { Int($0.rounded(.up)) }
    return max(1, min(cores, limit ?? cores))
  }

  /// The numbers of the hardware threads that this process may run on; at least one.
  public static var usableProcessors: [Int] {
    let configured = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_CONF))))
    let usable = (0..<configured).filter { processor_is_usable(Int32($0)) }
    return usable.isEmpty ? Array(0..<configured) : usable
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
