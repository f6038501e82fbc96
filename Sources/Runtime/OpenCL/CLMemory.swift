import COpenCL

/// A buffer, or a region of one. Owns the handle.
public final class CLMemory: DeviceMemory {
  public let context: CLContext
  let handle: cl_mem
  /// The buffer that this is a region of, kept alive, and where in it this region starts.
  private let root: CLMemory?
  private let origin: Int

  /// A buffer of uninitialized memory.
  /// - Throws: `BackendError.outOfMemory` when the device has no room, or no allocation may be that large.
  public init(context: CLContext, byteCount: Int) throws(BackendError) {
    let device = context.device
    guard byteCount > 0 else {
      throw .invalidOperation(operation: "allocate", reason: "\(byteCount) bytes asked for; at least 1 is needed")
    }
    guard byteCount <= device.maximumAllocationByteCount else {
      throw .outOfMemory(requested: byteCount, device: device.name)
    }
    var status: cl_int = 0
    let created = context.library.createBuffer(
      context.handle, cl_mem_flags(CL_MEM_READ_WRITE), byteCount, nil, &status)
    if CLMemory.meansOutOfMemory(status) { throw .outOfMemory(requested: byteCount, device: device.name) }
    handle = try checked(created, status, "clCreateBuffer", "\(byteCount) bytes")
    self.context = context
    root = nil
    origin = 0
    super.init(byteCount: byteCount)
  }

  /// Bytes `byteOffset ..< byteOffset + byteCount` of `memory`. A region of a region is one of the whole buffer, as
  /// OpenCL nests them only once.
  public init(regionOf memory: CLMemory, byteOffset: Int, byteCount: Int) throws(BackendError) {
    try memory.checkRange(byteOffset: byteOffset, byteCount: byteCount, operation: "region")
    let root = memory.root ?? memory
    let context = memory.context
    var status: cl_int = 0
    var region = cl_buffer_region(origin: memory.origin + byteOffset, size: byteCount)
    let created = context.library.createSubBuffer(
      root.handle, cl_mem_flags(CL_MEM_READ_WRITE), cl_buffer_create_type(CL_BUFFER_CREATE_TYPE_REGION), &region,
      &status)
    handle = try checked(created, status, "clCreateSubBuffer", "\(byteCount) bytes at \(region.origin)")
    self.context = context
    self.root = root
    origin = region.origin
    super.init(byteCount: byteCount)
  }

  deinit { _ = context.library.releaseMemObject(handle) }

  func checkRange(byteOffset: Int, byteCount: Int, operation: String) throws(BackendError) {
    guard byteOffset >= 0, byteCount > 0, byteCount <= self.byteCount, byteOffset <= self.byteCount - byteCount else {
      throw .invalidOperation(
        operation: operation, reason: "\(byteCount) bytes at \(byteOffset) are not inside \(self.byteCount) bytes")
    }
  }

  /// Whether a status of an allocation, or of a first use that allocates, means that there is no room.
  static func meansOutOfMemory(_ status: cl_int) -> Bool {
    [CL_MEM_OBJECT_ALLOCATION_FAILURE, CL_OUT_OF_RESOURCES, CL_OUT_OF_HOST_MEMORY, CL_INVALID_BUFFER_SIZE]
      .contains(status)
  }
}
