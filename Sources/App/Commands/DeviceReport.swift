import CPUKernels
import Runtime

/// What `recolor devices` reports.
struct DeviceReport: Encodable {
  /// An OpenCL device.
  struct OpenCLDevice: Encodable {
    /// What `--device` calls it: `opencl:0.0`.
    let device: String
    let name: String
    let vendor: String
    /// `gpu`, `accelerator` or `cpu`.
    let type: String
    let platform: String
    let driver: String
    let version: String
    let computeUnits: Int
    let clockMegahertz: Int
    let memoryBytes: Int
    let maximumAllocationBytes: Int
    let localMemoryBytes: Int
  }

  /// The processor, without OpenCL.
  struct Processor: Encodable {
    let device: String
    let name: String
    let threads: Int
    let memoryBytes: Int
    /// Version and build of OpenBLAS, and the kernels that it runs.
    let blas: String
    let blasCore: String
    let blasIsFast: Bool
    /// Why it is slow, and what to do.
    let blasProblem: String?
  }

  let opencl: [OpenCLDevice]
  /// Why OpenCL devices cannot be listed.
  let openclProblem: String?
  let cpu: Processor?
  /// Why the processor cannot be used.
  let cpuProblem: String?
  /// What `--device auto` takes.
  let automatic: String?

  /// Looks for the devices.
  init() {
    let gpu: String?
    switch Result(catching: { () throws(BackendError) in (try CLDevice.all(), try DeviceSelection.automaticGPU()) }) {
    case .success(let (devices, automaticGPU)):
      opencl = devices.map { OpenCLDevice($0) }
      openclProblem = devices.isEmpty ? "the loader finds no driver" : nil
      gpu = automaticGPU.map { "opencl:\($0.index)" }
    case .failure(let error):
      opencl = []
      openclProblem = error.description
      gpu = nil
    }
    switch Result(catching: { () throws(BackendError) in try CPUBackend() }) {
    case .success(let backend):
      cpu = Processor(backend)
      cpuProblem = nil
    case .failure(let error):
      cpu = nil
      cpuProblem = error.description
    }
    automatic = gpu ?? cpu?.device
  }
}

extension DeviceReport.OpenCLDevice {
  init(_ device: CLDevice) {
    self.device = "opencl:\(device.index)"
    name = device.name
    vendor = device.vendor
    type = device.kind.rawValue
    platform = device.platformName
    driver = device.driverVersion
    version = device.version
    computeUnits = device.computeUnits
    clockMegahertz = device.clockMegahertz
    memoryBytes = device.globalMemoryByteCount
    maximumAllocationBytes = device.maximumAllocationByteCount
    localMemoryBytes = device.localMemoryByteCount
  }
}

extension DeviceReport.Processor {
  init(_ backend: CPUBackend) {
    device = backend.name
    name = CPUBackend.processorName
    threads = backend.pool.workerCount
    memoryBytes = backend.maximumAllocationByteCount
    blas = backend.blas.configuration
    blasCore = backend.blas.coreName
    blasIsFast = backend.blas.isFast
    blasProblem = backend.blas.slowReason
  }
}

extension DeviceReport {
  /// The report for people: a line a device, and lines below for what there is to say about them.
  var text: String {
    func row(_ device: String, _ cells: [String]) -> [String] { [device == automatic ? "*" : "", device] + cells }
    var rows = opencl.map { device in
      row(
        device.device,
        [
          device.type == "cpu" ? "CPU" : device.type == "gpu" ? "GPU" : device.type, device.name,
          String(device.computeUnits), Format.bytes(device.memoryBytes),
          "\(device.platform), \(device.version), driver \(device.driver)",
        ])
    }
    if let cpu {
      rows.append(
        row(
          cpu.device,
          [
            "CPU", cpu.name, String(cpu.threads), Format.bytes(cpu.memoryBytes),
            "no OpenCL; OpenBLAS (\(cpu.blasCore))",
          ]
        ))
    }
    let columns: [TextTable.Column] = [
      .left(""), .left("device"), .left("type"), .left("name"), .right("units"), .right("memory"), .left("runs on"),
    ]
    var lines = [TextTable.text(columns, rows), ""]
    lines.append(automatic.map { "--device auto takes \($0)." } ?? "There is no device to compute on.")
    if let openclProblem { lines.append("OpenCL: \(openclProblem)") }
    if let cpu {
      lines.append(
        cpu.blasProblem.map { "BLAS: runs on a slow core, \(cpu.blasCore): \($0)" }
          ?? "BLAS: runs on a core that fits this processor, \(cpu.blasCore).")
    }
    if let cpuProblem { lines.append("cpu: \(cpuProblem)") }
    return lines.joined(separator: "\n")
  }
}
