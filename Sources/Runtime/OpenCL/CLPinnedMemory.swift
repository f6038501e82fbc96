import COpenCL

/// Memory of the host that a device copies from and to while the host does something else: drivers lock its pages, so
/// that the device reaches it by itself. Owns the handle.
public final class CLPinnedMemory {
  /// The bytes, in place as long as this lives.
  public let bytes: UnsafeMutableRawBufferPointer
  private let queue: CLQueue
  private let handle: cl_mem

  /// Allocates memory of at least one byte.
  public init(queue: CLQueue, byteCount: Int) throws(BackendError) {
    let context = queue.context
    let library = context.library
    var status: cl_int = 0
    let flags = cl_mem_flags(CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR)
    let created = library.createBuffer(context.handle, flags, byteCount, nil, &status)
    if CLMemory.meansOutOfMemory(status) { throw .outOfMemory(requested: byteCount, device: context.device.name) }
    let handle = try checked(created, status, "clCreateBuffer", "\(byteCount) bytes of the host")
    let mapped = library.enqueueMapBuffer(
      queue.handle, handle, cl_bool(CL_TRUE), cl_map_flags(CL_MAP_READ | CL_MAP_WRITE), 0, byteCount, 0, nil, nil,
      &status)
    guard status == CL_SUCCESS, let mapped else {
      _ = library.releaseMemObject(handle)
      throw .openCL(OpenCLError(call: "clEnqueueMapBuffer", status: status, detail: "\(byteCount) bytes"))
    }
    bytes = UnsafeMutableRawBufferPointer(start: mapped, count: byteCount)
    self.queue = queue
    self.handle = handle
  }

  deinit {
    let library = queue.context.library
    _ = library.enqueueUnmapMemObject(queue.handle, handle, bytes.baseAddress, 0, nil, nil)
    _ = library.releaseMemObject(handle)
  }
}
