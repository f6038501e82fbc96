import CPUKernels
import MessagePassing
import Runtime

/// The report of `recolor devices`.
struct DeviceReport: Encodable {
  /// An OpenCL device.
  struct OpenCLDevice: Encodable {
    /// The value of `--device` for it: `opencl:0.0`.
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
    let maximumWorkGroupSize: Int
    /// Compute capability of NVIDIA GPUs, such as `9.0`; nil for others.
    let computeCapability: String?
    /// Whether it reports tensor cores, so that --precision may be tf32 or bf16x3.
    let hasTensorCores: Bool
  }

  /// The processor, without OpenCL.
  struct Processor: Encodable {
    let device: String
    let name: String
    let threads: Int
    let memoryBytes: Int
    /// The vector instructions of the backend's loops.
    let instructionSet: String
    /// How convolutions multiply with `--cpu-products auto`.
    let products: MatrixProducts?
    /// Version and build of OpenBLAS, or the name of the library that `RECOLOR_BLAS` names; nil where there is none.
    let blas: String?
    /// The core of OpenBLAS, its set of kernels; nil of another library.
    let blasCore: String?
    let blasIsFast: Bool?
    /// The reason why BLAS is slow or missing, with a remedy.
    let blasProblem: String?
  }

  let opencl: [OpenCLDevice]
  /// The reason why no OpenCL devices are listed; nil where some are.
  let openclProblem: String?
  let cpu: Processor
  /// The device that `--device auto` takes.
  let automatic: String
  /// The MPI that carries messages between ranks under mpirun; nil where there is none.
  let mpi: String?
  /// The reason why there is none.
  let mpiProblem: String?

  /// Searches for the devices.
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
    cpu = Processor(CPUBackend(blas: BLAS.automatic))
    automatic = gpu ?? cpu.device
    switch Result(catching: { () throws(MessagePassingError) in try MPILibrary.shared() }) {
    case .success(let library): (mpi, mpiProblem) = ("\(library.mpi), \(library.path)", nil)
    case .failure(let error): (mpi, mpiProblem) = (nil, error.description)
    }
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
    maximumWorkGroupSize = device.maximumWorkGroupSize
    computeCapability = device.computeCapability?.description
    hasTensorCores = device.hasTensorCores
  }
}

extension DeviceReport.Processor {
  init(_ backend: CPUBackend) {
    device = backend.name
    name = CPUBackend.processorName
    threads = backend.pool.workerCount
    memoryBytes = backend.memoryByteCount
    instructionSet = CPUBackend.instructionSetName
    products = backend.products
    switch Result(catching: { () throws(BackendError) in try BLAS.shared() }) {
    case .success(let library):
      blas = library.configuration ?? library.libraryName
      blasCore = library.coreName
      blasIsFast = library.isFast
      blasProblem = library.slowReason
    case .failure(let error):
      blas = nil
      blasCore = nil
      blasIsFast = nil
      blasProblem = error.description
    }
  }
}

extension DeviceReport {
  /// The report as text: a line for each device, and remarks below.
  var text: String {
    func row(_ device: String, _ cells: [String]) -> [String] { [device == automatic ? "*" : "", device] + cells }
    var rows = opencl.map { device in
      row(
        device.device,
        [
          device.type == "cpu" ? "CPU" : device.type == "gpu" ? "GPU" : device.type, device.name,
          String(device.computeUnits), Format.bytes(device.memoryBytes),
          "\(device.platform), \(device.version), driver \(device.driver)" + (device.hasTensorCores ? ", tf32" : ""),
        ])
    }
    rows.append(
      row(
        cpu.device,
        ["CPU", cpu.name, String(cpu.threads), Format.bytes(cpu.memoryBytes), "no OpenCL; \(cpu.instructionSet)"]))
    let columns: [TextTable.Column] = [
      .left(""), .left("device"), .left("type"), .left("name"), .right("units"), .right("memory"), .left("runs on"),
    ]
    var lines = [TextTable.text(columns, rows), ""]
    lines.append("--device auto takes \(automatic).")
    if let openclProblem { lines.append("OpenCL: \(openclProblem)".printable) }
    if let products = cpu.products { lines.append("--cpu-products auto takes \(products.rawValue).") }
    lines.append(blasLine.printable)
    lines.append("MPI: \(mpi ?? mpiProblem ?? "none")".printable)
    return lines.joined(separator: "\n")
  }

  private var blasLine: String {
    // The error of a missing library names BLAS itself.
    guard let blas = cpu.blas else { return cpu.blasProblem ?? "BLAS: not found" }
    guard let core = cpu.blasCore else { return "BLAS: \(blas)" }
    return "BLAS: "
      + (cpu.blasProblem.map { "OpenBLAS runs on a slow core, \(core): \($0)" } ?? "OpenBLAS on a fast core, \(core)")
  }
}
