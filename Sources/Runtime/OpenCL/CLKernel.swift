import COpenCL

/// A kernel object with its arguments. Owns the handle, and keeps the memory bound to it alive, which OpenCL does not.
///
/// Each call site has a kernel object of its own, so its arguments are bound once.
public final class CLKernel {
  public let name: String
  public let program: CLProgram
  let handle: cl_kernel
  private var boundMemory: [Int: CLMemory] = [:]
  private var library: OpenCLLibrary { program.context.library }

  /// - Throws: `CL_INVALID_KERNEL_NAME` if the program has no such kernel.
  public init(_ name: String, in program: CLProgram) throws(BackendError) {
    var status: cl_int = 0
    let created = program.context.library.createKernel(program.handle, name, &status)
    handle = try checked(created, status, "clCreateKernel", "\(name) in \(program.name)")
    self.name = name
    self.program = program
  }

  deinit { _ = library.releaseKernel(handle) }

  /// Binds a `global` pointer.
  public func setArgument(_ index: Int, _ memory: CLMemory) throws(BackendError) {
    var handle: cl_mem? = memory.handle
    try set(index, MemoryLayout<cl_mem?>.size, &handle)
    boundMemory[index] = memory
  }

  /// Binds a `global` pointer to nothing: null in the kernel.
  public func setArgumentToNull(_ index: Int) throws(BackendError) {
    var handle: cl_mem?
    try set(index, MemoryLayout<cl_mem?>.size, &handle)
    boundMemory[index] = nil
  }

  /// Binds a scalar of the same size as the kernel's parameter.
  public func setArgument<Scalar: CLScalar>(_ index: Int, _ value: Scalar) throws(BackendError) {
    var value = value
    try set(index, MemoryLayout<Scalar>.size, &value)
  }

  /// Largest work-group this kernel can run with on its device.
  public var maximumWorkGroupSize: Int {
    get throws(BackendError) {
      try InfoQuery(call: "clGetKernelWorkGroupInfo") {
        [library, handle, id = program.context.device.id] size, value, needed in
        library.getKernelWorkGroupInfo(
          handle, id, cl_kernel_work_group_info(CL_KERNEL_WORK_GROUP_SIZE), size, value, needed)
      }.value(Int(0))
    }
  }

  private func set(_ index: Int, _ byteCount: Int, _ value: UnsafeRawPointer?) throws(BackendError) {
    try check(
      library.setKernelArg(handle, cl_uint(index), byteCount, value), "clSetKernelArg", "\(name), argument \(index)")
  }
}

/// A number that a kernel can take as an argument.
public protocol CLScalar: BitwiseCopyable {}

/// `int`
extension Int32: CLScalar {}
/// `uint`
extension UInt32: CLScalar {}
/// `long`
extension Int64: CLScalar {}
/// `ulong`
extension UInt64: CLScalar {}
/// `float`
extension Float: CLScalar {}
