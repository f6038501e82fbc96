import Glibc
import Testing

@testable import Files

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

  @Test("Groups are found where they are mounted")
  func mounts() {
    let files = [
      "/proc/self/cgroup": "4:cpu,cpuacct:/docker/x/own\n0::/docker/x/own\n",
      "/proc/self/mountinfo": """
      30 25 0:25 / /proc rw,nosuid - proc proc rw
      36 31 0:32 /docker/x /control\\040groups/cpu rw,relatime shared:5 - cgroup cgroup rw,cpu,cpuacct
      41 31 0:38 /elsewhere /unified rw,relatime - cgroup2 cgroup2 rw
      """,
    ]
    func limit(_ more: [String: String]) -> Double? { self.limit(files.merging(more) { $1 }) }
    let quota = ["cpu.cfs_quota_us": "50000", "cpu.cfs_period_us": "100000"]
    for folder in ["/control groups/cpu/own", "/control groups/cpu"] {
      #expect(limit(.init(uniqueKeysWithValues: quota.map { ("\(folder)/\($0)", $1) })) == 0.5)
    }
    #expect(limit(["/unified/cpu.max": "300000 100000"]) == 3)
    // Places where nothing is mounted do not count.
    #expect(limit(["/sys/fs/cgroup/docker/x/own/cpu.max": "50000 100000"]) == nil)
  }

  private func available(_ files: [String: String]) -> Int? { ControlGroup { files[$0] }.availableMemory }

  @Test("Without a limit in any group, all of the machine's memory may be used")
  func noMemoryLimit() {
    #expect(available([:]) == nil)
    #expect(available(["/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "max\n"]) == nil)
    #expect(
      available([
        "/proc/self/cgroup": "4:memory:/\n", "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
        "/sys/fs/cgroup/memory/memory.usage_in_bytes": "1000\n",
      ]) == nil)
    #expect(ControlGroup { _ in nil }.usableMemory == ControlGroup.machineMemory)
    #expect(ControlGroup.machineMemory > 0)
  }

  @Test("Version 2: the least that the group and its ancestors leave, with files in memory as free")
  func versionTwoMemory() {
    let files = [
      "/proc/self/cgroup": "0::/a/b\n", "/sys/fs/cgroup/a/b/memory.max": "300000000\n",
      "/sys/fs/cgroup/a/b/memory.current": "120000000\n",
      "/sys/fs/cgroup/a/b/memory.stat": "anon 20\ninactive_file 60000000\nactive_file 10000000\nshmem 5\n",
    ]
    #expect(available(files) == 250_000_000)
    let tighter = [
      "/sys/fs/cgroup/a/memory.max": "1000000000\n", "/sys/fs/cgroup/a/memory.current": "950000000\n",
    ]
    #expect(available(files.merging(tighter) { $1 }) == 50_000_000)
    #expect(available(files.merging(["/sys/fs/cgroup/a/b/memory.max": "1000\n"]) { $1 }) == 0)
    #expect(ControlGroup { files[$0] }.usableMemory == min(250_000_000, ControlGroup.machineMemory))
  }

  @Test("Processes that share the memory have equal parts of it, and of what the groups leave")
  func sharedMemory() {
    let files = [
      "/proc/self/cgroup": "0::/\n", "/sys/fs/cgroup/memory.max": "300000000\n",
      "/sys/fs/cgroup/memory.current": "100000000\n",
    ]
    #expect(ControlGroup(processCount: 4) { files[$0] }.availableMemory == 50_000_000)
    #expect(
      ControlGroup(processCount: 4) { files[$0] }.usableMemory == min(50_000_000, ControlGroup.machineMemory / 4))
    #expect(ControlGroup(processCount: 4) { _ in nil }.usableMemory == ControlGroup.machineMemory / 4)
    #expect(ControlGroup.system.processCount == 1)
  }

  @Test("Version 2: memory.high is a limit like memory.max, in the group and around it")
  func highMemory() {
    let files = [
      "/proc/self/cgroup": "0::/a/b\n", "/sys/fs/cgroup/a/b/memory.max": "300000000\n",
      "/sys/fs/cgroup/a/b/memory.high": "200000000\n", "/sys/fs/cgroup/a/b/memory.current": "120000000\n",
    ]
    func available(_ more: [String: String]) -> Int? { self.available(files.merging(more) { $1 }) }
    #expect(available([:]) == 80_000_000)
    #expect(available(["/sys/fs/cgroup/a/b/memory.max": "max\n"]) == 80_000_000)
    #expect(available(["/sys/fs/cgroup/a/b/memory.high": "max\n"]) == 180_000_000)
    #expect(available(["/sys/fs/cgroup/a/b/memory.high": "250000000\n"]) == 130_000_000)
    #expect(available(["/sys/fs/cgroup/a/b/memory.max": "150000000\n"]) == 30_000_000)
    // A group that is above its limit is slowed down already.
    #expect(available(["/sys/fs/cgroup/a/b/memory.high": "100000000\n"]) == 0)
    let around = ["/sys/fs/cgroup/a/memory.high": "500000000\n", "/sys/fs/cgroup/a/memory.current": "430000000\n"]
    #expect(available(around) == 70_000_000)
    #expect(available(around.merging(["/sys/fs/cgroup/a/memory.max": "max\n"]) { $1 }) == 70_000_000)
  }

  @Test("Version 1: the controller memory, in a container and beside an empty version 2")
  func versionOneMemory() {
    let files = [
      "/proc/self/cgroup": "5:memory:/docker/x\n4:cpu,cpuacct:/\n0::/\n",
      "/proc/self/mountinfo": """
      35 31 0:31 /docker/x /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
      41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
      """,
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "300000000\n",
      "/sys/fs/cgroup/memory/memory.usage_in_bytes": "40000000\n",
      "/sys/fs/cgroup/memory/memory.stat": "inactive_file 1\ntotal_inactive_file 30000000\n",
    ]
    #expect(available(files) == 290_000_000)
  }

  @Test("Some processor is usable, and no more than there are or than the limit allows")
  func usableProcessors() {
    #expect((1...sysconf(Int32(_SC_NPROCESSORS_CONF))).contains(ProcessorCount.usable))
    if let limit = ControlGroup.system.processorLimit { #expect(Double(ProcessorCount.usable) < limit + 1) }
  }

  @Test("Processors are counted in the mask of the process's status")
  func allowedProcessors() {
    #expect(
      ProcessorCount.allowed(inStatus: "Name:\ta\nCpus_allowed:\t3,ffffffff,0000000f\nCpus_allowed_list:\t0-3\n") == 38)
    #expect(ProcessorCount.allowed(inStatus: "Cpus_allowed:\t0\n") == nil)
    #expect(ProcessorCount.allowed(inStatus: "Name:\ta\n") == nil)
  }
}
