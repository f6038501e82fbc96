import Testing

@testable import CPUKernels

@Suite("Control groups")
struct ControlGroupTests {
  private func limit(_ files: [String: String]) -> Double? { ControlGroup { files[$0] }.processorLimit }

  @Test("Without control groups, or without a limit in any, there is no limit")
  func none() {
    #expect(limit([:]) == nil)
    #expect(limit(["/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/cpu.max": "max 100000\n"]) == nil)
    #expect(
      limit([
        "/proc/self/cgroup": "4:cpu,cpuacct:/\n", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
        "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      ]) == nil)
    #expect(limit(["/proc/self/cgroup": "nonsense\n", "/sys/fs/cgroup/cpu.max": "50000\n"]) == nil)
  }

  @Test("Version 2: the strictest limit of the group and its ancestors")
  func versionTwo() {
    let group = ["/proc/self/cgroup": "0::/a/b\n", "/sys/fs/cgroup/a/b/cpu.max": "400000 100000\n"]
    #expect(limit(group) == 4)
    #expect(limit(group.merging(["/sys/fs/cgroup/a/cpu.max": "150000 100000\n"]) { $1 }) == 1.5)
    // In a container, where the group's path is the host's and its files are at the root.
    #expect(limit(["/proc/self/cgroup": "0::/a/b\n", "/sys/fs/cgroup/cpu.max": "50000 100000\n"]) == 0.5)
  }

  @Test("Version 1: quota over period of the controller cpu")
  func versionOne() {
    let files = [
      "/proc/self/cgroup": "5:memory:/m\n4:cpu,cpuacct:/docker/x\n0::/\n",
      "/sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_quota_us": "250000\n",
      "/sys/fs/cgroup/cpu,cpuacct/docker/x/cpu.cfs_period_us": "100000\n",
    ]
    #expect(limit(files) == 2.5)
  }

  @Test("The pool's usual size is one thread at least, and within this machine's limit")
  func usableCores() {
    #expect(ThreadPool.usableCoreCount >= 1)
    if let limit = ControlGroup.system.processorLimit { #expect(Double(ThreadPool.usableCoreCount) < limit + 1) }
  }
}
