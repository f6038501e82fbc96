import COpenCL

/// An OpenCL device and what is known about it. A value: root devices belong to the driver and are never released.
public struct CLDevice {
  /// The kind of processor, in the order in which `automatic()` prefers them.
  public enum Kind: String, Sendable, CaseIterable {
    case gpu
    case accelerator
    case cpu
  }

  /// Position of its platform and its position there: what `P.D` in `--device opencl:P.D` means.
  public let platformIndex: Int
  public let deviceIndex: Int
  /// The platform that runs it: `Portable Computing Language`.
  public let platformName: String
  public let platformVersion: String
  public let name: String
  public let vendor: String
  public let kind: Kind
  /// `OpenCL 1.2 …`, as the driver says it.
  public let version: String
  public let driverVersion: String
  public let computeUnits: Int
  public let clockMegahertz: Int
  public let globalMemoryByteCount: Int
  public let maximumAllocationByteCount: Int
  public let localMemoryByteCount: Int
  /// Most work-items of a group; at least 1.
  public let maximumWorkGroupSize: Int
  /// Most work-items of a group along each of the three directions; at least 1.
  public let maximumWorkItems: [Int]
  /// Where a sub-buffer may start: multiples of this many bytes.
  public let baseAddressAlignment: Int
  /// Whether its memory is the host's.
  public let hasUnifiedMemory: Bool

  /// Names of the extensions to OpenCL that it has.
  public let extensions: Set<String>
  /// Generation of an NVIDIA GPU, major and minor number; nil where the driver does not say.
  public let computeCapability: ComputeCapability?

  let library: OpenCLLibrary
  let id: cl_device_id

  /// Options that every program needs here.
  public var buildOptions: [String] {
    // Oclgrind runs kernels to find their races and uninitialized values, but its check for the latter stops at an
    // instruction, freeze, that its own optimizer makes where both a quotient and its remainder are needed.
    // KEEP_FUNCTIONS: kernels/common.h.
    isOclgrind ? ["-cl-opt-disable", "-DKEEP_FUNCTIONS"] : []
  }

  /// Whether its driver builds programs on any thread, and on several at a time, as OpenCL asks for. Oclgrind 21.10 has
  /// one LLVM context for all programs, and memory of the thread that made its context.
  public var buildsOnAnyThread: Bool { !isOclgrind }

  private var isOclgrind: Bool { platformName == "Oclgrind" }

  /// Whether its driver, PoCL, compiles a kernel when it is launched, anew for each size of its groups, on one thread
  /// of a process at a time, and keeps the results on disk by itself. Its binaries of programs are of no use: they hold
  /// kernels for groups of any size, all of a program's kernels, which takes longer than all the rest.
  public var compilesAtLaunch: Bool { platformName == PoCL.platformName }

  /// Whether it claims tensor cores that multiply TF32 and bfloat16.
  public var hasTensorCores: Bool { computeCapability.map { $0.major >= 8 } ?? false }

  /// `P.D`
  public var index: String { "\(platformIndex).\(deviceIndex)" }

  /// Returns whether a work-group may have these sizes. A kernel may allow less.
  public func allows(group: (Int, Int, Int)) -> Bool {
    group.0 * group.1 * group.2 <= maximumWorkGroupSize
      && zip([group.0, group.1, group.2], maximumWorkItems).allSatisfy { $0 <= $1 }
  }

  init(library: OpenCLLibrary, platform: cl_platform_id, id: cl_device_id, platformIndex: Int, deviceIndex: Int)
    throws(BackendError)
  {
    func platformInfo(_ parameter: Int32) -> InfoQuery {
      InfoQuery(call: "clGetPlatformInfo") { size, value, needed in
        library.getPlatformInfo(platform, cl_platform_info(parameter), size, value, needed)
      }
    }
    func info(_ parameter: Int32) -> InfoQuery {
      InfoQuery(call: "clGetDeviceInfo") { size, value, needed in
        library.getDeviceInfo(id, cl_device_info(parameter), size, value, needed)
      }
    }
    self.library = library
    self.id = id
    self.platformIndex = platformIndex
    self.deviceIndex = deviceIndex
    platformName = try platformInfo(CL_PLATFORM_NAME).string()
    platformVersion = try platformInfo(CL_PLATFORM_VERSION).string()
    name = try info(CL_DEVICE_NAME).string()
    vendor = try info(CL_DEVICE_VENDOR).string()
    version = try info(CL_DEVICE_VERSION).string()
    driverVersion = try info(CL_DRIVER_VERSION).string()
    let type = try info(CL_DEVICE_TYPE).value(cl_device_type(0))
    kind =
      if type & cl_device_type(CL_DEVICE_TYPE_GPU) != 0 {
        .gpu
      } else if type & cl_device_type(CL_DEVICE_TYPE_CPU) != 0 {
        .cpu
      } else {
        .accelerator
      }
    computeUnits = Int(try info(CL_DEVICE_MAX_COMPUTE_UNITS).value(cl_uint(0)))
    clockMegahertz = Int(try info(CL_DEVICE_MAX_CLOCK_FREQUENCY).value(cl_uint(0)))
    globalMemoryByteCount = Int(clamping: try info(CL_DEVICE_GLOBAL_MEM_SIZE).value(cl_ulong(0)))
    maximumAllocationByteCount = Int(clamping: try info(CL_DEVICE_MAX_MEM_ALLOC_SIZE).value(cl_ulong(0)))
    localMemoryByteCount = Int(clamping: try info(CL_DEVICE_LOCAL_MEM_SIZE).value(cl_ulong(0)))
    maximumWorkGroupSize = max(try info(CL_DEVICE_MAX_WORK_GROUP_SIZE).value(Int(0)), 1)
    let workItems = try info(CL_DEVICE_MAX_WORK_ITEM_SIZES).array(filling: Int(0)).prefix(3).map { max($0, 1) }
    maximumWorkItems = workItems + [Int](repeating: 1, count: 3 - workItems.count)
    baseAddressAlignment = Int(try info(CL_DEVICE_MEM_BASE_ADDR_ALIGN).value(cl_uint(0))) / 8
    hasUnifiedMemory = try info(CL_DEVICE_HOST_UNIFIED_MEMORY).value(cl_bool(0)) != 0
    extensions = Set(try info(CL_DEVICE_EXTENSIONS).string().split(separator: " ").map(String.init))
    computeCapability =
      extensions.contains("cl_nv_device_attribute_query")
      ? ComputeCapability(
        major: Int(try info(ComputeCapability.majorQuery).value(cl_uint(0))),
        minor: Int(try info(ComputeCapability.minorQuery).value(cl_uint(0))))
      : nil
  }
}

/// The generation of an NVIDIA GPU, which decides about its instructions.
public struct ComputeCapability: Hashable, Sendable {
  public let major: Int
  public let minor: Int

  public init(major: Int, minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV of the extension cl_nv_device_attribute_query.
  static let majorQuery: Int32 = 0x4000
  /// CL_DEVICE_COMPUTE_CAPABILITY_MINOR_NV
  static let minorQuery: Int32 = 0x4001
}

extension ComputeCapability: CustomStringConvertible {
  public var description: String { "\(major).\(minor)" }
}
