import COpenCL

extension CLDevice {
  /// Every usable device of the machine, platform by platform; empty where the loader finds no driver.
  /// - Throws: `BackendError.library` where there is no loader.
  public static func all() throws(BackendError) -> [CLDevice] { try all(in: OpenCLLibrary.shared()) }

  static func all(in library: OpenCLLibrary) throws(BackendError) -> [CLDevice] {
    var platformCount: cl_uint = 0
    let status = library.getPlatformIDs(0, nil, &platformCount)
    // What an ICD loader says when it has no driver to hand on to (cl_khr_icd).
    let platformNotFound: cl_int = -1001
    if status == platformNotFound || (status == CL_SUCCESS && platformCount == 0) { return [] }
    try check(status, "clGetPlatformIDs")
    var platforms = [cl_platform_id?](repeating: nil, count: Int(platformCount))
    try check(library.getPlatformIDs(platformCount, &platforms, nil), "clGetPlatformIDs")

    var devices: [CLDevice] = []
    for (platformIndex, platform) in platforms.enumerated() {
      guard let platform else { continue }
      var deviceCount: cl_uint = 0
      let everyType = cl_device_type(0xFFFF_FFFF)  // CL_DEVICE_TYPE_ALL
      let status = library.getDeviceIDs(platform, everyType, 0, nil, &deviceCount)
      if status == CL_DEVICE_NOT_FOUND || (status == CL_SUCCESS && deviceCount == 0) { continue }
      try check(status, "clGetDeviceIDs")
      var ids = [cl_device_id?](repeating: nil, count: Int(deviceCount))
      try check(library.getDeviceIDs(platform, everyType, deviceCount, &ids, nil), "clGetDeviceIDs")
      for (deviceIndex, id) in ids.enumerated() {
        guard let id else { continue }
        let device = try CLDevice(
          library: library, platform: platform, id: id, platformIndex: platformIndex, deviceIndex: deviceIndex)
        if try device.isUsable { devices.append(device) }
      }
    }
    return devices
  }

  /// The device to take when none is named: a GPU with its own memory, a GPU, an accelerator, a CPU; the first of equals.
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
