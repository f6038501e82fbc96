import COpenCL

/// A context with one device. Owns the handle.
public final class CLContext {
  public let device: CLDevice
  let library: OpenCLLibrary
  let handle: cl_context

  public init(device: CLDevice) throws(BackendError) {
    var status: cl_int = 0
    var id: cl_device_id? = device.id
    let created = device.library.createContext(nil, 1, &id, nil, nil, &status)
    handle = try checked(created, status, "clCreateContext", device.name)
    self.device = device
    library = device.library
  }

  deinit { _ = library.releaseContext(handle) }
}
