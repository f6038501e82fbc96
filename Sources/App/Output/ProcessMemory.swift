import Glibc

/// What the kernel says of this process's memory.
enum ProcessMemory {
  /// Most resident memory so far, in bytes.
  static var peakByteCount: Int {
    var usage = rusage()
    guard getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { return 0 }
    return usage.ru_maxrss * 1024
  }
}
