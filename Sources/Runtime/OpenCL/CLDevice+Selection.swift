import COpenCL

extension CLDevice {
  /// Every usable device of the machine, platform by platform; empty where the loader finds no driver. What a driver
  /// fails to tell about is left out, with a warning in the log.
  /// - Throws: `BackendError.library` where there is no loader.
  public static func all() throws(BackendError) -> [CLDevice] { try all(in: OpenCLLibrary.shared()) }

  /// The same of a library that is not the loader of this process.
  public static func all(in library: OpenCLLibrary) throws(BackendError) -> [CLDevice] {
    var platformCount: cl_uint = 0
    let status = library.getPlatformIDs(0, nil, &platformCount)
    // The status of an ICD loader that finds no driver (cl_khr_icd).
    let platformNotFound: cl_int = -1001
    if status == platformNotFound || (status == CL_SUCCESS && platformCount == 0) { return [] }
    try check(status, "clGetPlatformIDs")
    var platforms = [cl_platform_id?](repeating: nil, count: Int(platformCount))
    try check(library.getPlatformIDs(platformCount, &platforms, nil), "clGetPlatformIDs")

    var devices: [CLDevice] = []
    for (platformIndex, platform) in platforms.enumerated() {
      guard let platform else { continue }
      // One broken driver must not hide the devices of the others.
      let ids: [cl_device_id?]
      do throws(BackendError) {
        ids = try deviceIDs(of: platform, in: library)
      } catch {
        Remarks.warning("OpenCL platform \(platformIndex) is left out: \(error)")
        continue
      }
      for (deviceIndex, id) in ids.enumerated() {
        guard let id else { continue }
        do throws(BackendError) {
          guard try isUsable(id, in: library) else { continue }
          devices.append(
            try CLDevice(
              library: library, platform: platform, id: id, platformIndex: platformIndex, deviceIndex: deviceIndex))
        } catch {
          Remarks.warning("OpenCL device \(platformIndex).\(deviceIndex) is left out: \(error)")
        }
      }
    }
    return devices
  }

  private static func deviceIDs(of platform: cl_platform_id, in library: OpenCLLibrary) throws(BackendError)
    -> [cl_device_id?]
  {
    var count: cl_uint = 0
    let everyType = cl_device_type(0xFFFF_FFFF)  // CL_DEVICE_TYPE_ALL
    let status = library.getDeviceIDs(platform, everyType, 0, nil, &count)
    if status == CL_DEVICE_NOT_FOUND || (status == CL_SUCCESS && count == 0) { return [] }
    try check(status, "clGetDeviceIDs")
    var ids = [cl_device_id?](repeating: nil, count: Int(count))
    try check(library.getDeviceIDs(platform, everyType, count, &ids, nil), "clGetDeviceIDs")
    return ids
  }

  /// Whether a device can be used at all: there, with a compiler, and of OpenCL 1.2 or later. Asked before anything
  /// else, as a device that is not available need not answer.
  private static func isUsable(_ id: cl_device_id, in library: OpenCLLibrary) throws(BackendError) -> Bool {
    func info(_ parameter: Int32) -> InfoQuery {
      InfoQuery(call: "clGetDeviceInfo") { size, value, needed in
        library.getDeviceInfo(id, cl_device_info(parameter), size, value, needed)
      }
    }
    guard try info(CL_DEVICE_AVAILABLE).value(cl_bool(0)) != 0,
      try info(CL_DEVICE_COMPILER_AVAILABLE).value(cl_bool(0)) != 0
    else { return false }
    let version = try info(CL_DEVICE_VERSION).string()
    return !version.hasPrefix("OpenCL 1.0") && !version.hasPrefix("OpenCL 1.1")
  }

  /// The device to take when none is named: a GPU with its own memory, a GPU, an accelerator, a CPU; the first of
  /// equals.
  public static func automatic() throws(BackendError) -> CLDevice {
    let devices = try all()
    guard let best = devices.min(by: { $0.preference < $1.preference }) else {
      throw .noSuchDevice("no OpenCL device found; install a driver (on a machine without GPU: pocl-opencl-icd)")
    }
    return best
  }

  /// The device called `index`, `P.D`.
  /// - Throws: `BackendError.noSuchDevice` with a list of those that are there.
  public static func named(_ index: String) throws(BackendError) -> CLDevice {
    let devices = try all()
    if let device = devices.first(where: { $0.index == index }) { return device }
    let list = devices.map { "\($0.index) (\($0.name))" }.joined(separator: ", ")
    throw .noSuchDevice("no OpenCL device \(index); there is \(list.isEmpty ? "none at all" : list)")
  }

  /// Smaller is better.
  private var preference: Int {
    switch kind {
    case .gpu: hasUnifiedMemory ? 1 : 0
    case .accelerator: 2
    case .cpu: 3
    }
  }
}
