import COpenCL

/// An in-order queue of a context's device. Owns the handle; waits for its work before it goes.
public final class CLQueue {
  public let context: CLContext
  /// Whether events carry times.
  public let isProfiling: Bool
  let handle: cl_command_queue
  private var library: OpenCLLibrary { context.library }

  public init(context: CLContext, profiling: Bool = false) throws(BackendError) {
    var status: cl_int = 0
    let properties = profiling ? cl_command_queue_properties(CL_QUEUE_PROFILING_ENABLE) : 0
    let created = context.library.createCommandQueue(context.handle, context.device.id, properties, &status)
    handle = try checked(created, status, "clCreateCommandQueue", context.device.name)
    self.context = context
    isProfiling = profiling
  }

  deinit {
    _ = library.finish(handle)
    _ = library.releaseCommandQueue(handle)
  }

  /// Hands the queued commands to the device.
  public func flush() throws(BackendError) { try check(library.flush(handle), "clFlush") }

  /// Waits until every command is done.
  public func finish() throws(BackendError) { try check(library.finish(handle), "clFinish") }

  /// Copies host bytes to `memory` and waits.
  public func write(_ bytes: UnsafeRawBufferPointer, to memory: CLMemory, byteOffset: Int) throws(BackendError) {
    guard bytes.count > 0 else { return }
    try memory.checkRange(byteOffset: byteOffset, byteCount: bytes.count, operation: "upload")
    try check(
      library.enqueueWriteBuffer(
        handle, memory.handle, cl_bool(CL_TRUE), byteOffset, bytes.count, bytes.baseAddress, 0, nil, nil),
      "clEnqueueWriteBuffer")
  }

  /// Waits for all commands so far and copies bytes of `memory` to the host.
  public func read(_ memory: CLMemory, byteOffset: Int, into bytes: UnsafeMutableRawBufferPointer)
    throws(BackendError)
  {
    guard bytes.count > 0 else { return }
    try memory.checkRange(byteOffset: byteOffset, byteCount: bytes.count, operation: "download")
    try check(
      library.enqueueReadBuffer(
        handle, memory.handle, cl_bool(CL_TRUE), byteOffset, bytes.count, bytes.baseAddress, 0, nil, nil),
      "clEnqueueReadBuffer")
  }

  /// Queues the copy of bytes of `memory` to the host, and returns at once.
  public func startReading(_ memory: CLMemory, byteOffset: Int, into pinned: CLPinnedMemory)
    throws(BackendError) -> CLEvent
  {
    try memory.checkRange(byteOffset: byteOffset, byteCount: pinned.bytes.count, operation: "download")
    var event: cl_event?
    let status = library.enqueueReadBuffer(
      handle, memory.handle, cl_bool(CL_FALSE), byteOffset, pinned.bytes.count, pinned.bytes.baseAddress, 0, nil,
      &event)
    return CLEvent(library: library, handle: try checked(event, status, "clEnqueueReadBuffer"))
  }

  /// Queues the copy of bytes of the host to `memory` once an event has come, and returns at once. Later commands wait
  /// for it too.
  public func startWriting(
    _ pinned: CLPinnedMemory, to memory: CLMemory, byteOffset: Int, after event: CLUserEvent
  ) throws(BackendError) {
    try memory.checkRange(byteOffset: byteOffset, byteCount: pinned.bytes.count, operation: "upload")
    var event: cl_event? = event.handle
    try check(
      library.enqueueWriteBuffer(
        handle, memory.handle, cl_bool(CL_FALSE), byteOffset, pinned.bytes.count, pinned.bytes.baseAddress, 1, &event,
        nil),
      "clEnqueueWriteBuffer")
  }

  /// Sets bytes of `memory`.
  public func fill(_ memory: CLMemory, with byte: UInt8, byteOffset: Int, byteCount: Int) throws(BackendError) {
    guard byteCount > 0 else { return }
    try memory.checkRange(byteOffset: byteOffset, byteCount: byteCount, operation: "fill")
    var pattern = byte
    try check(
      library.enqueueFillBuffer(handle, memory.handle, &pattern, 1, byteOffset, byteCount, 0, nil, nil),
      "clEnqueueFillBuffer")
  }

  /// Queues `kernel` over `range`.
  public func enqueue(_ kernel: CLKernel, over range: CLRange) throws(BackendError) {
    try enqueue(kernel, over: range, event: nil)
  }

  /// Queues `kernel` over `range`; the event tells when it is done and, on a profiling queue, when it ran.
  public func enqueueWithEvent(_ kernel: CLKernel, over range: CLRange) throws(BackendError) -> CLEvent {
    var event: cl_event?
    try enqueue(kernel, over: range, event: &event)
    return CLEvent(library: library, handle: try checked(event, CL_SUCCESS, "clEnqueueNDRangeKernel", kernel.name))
  }

  private func enqueue(_ kernel: CLKernel, over range: CLRange, event: UnsafeMutablePointer<cl_event?>?)
    throws(BackendError)
  {
    let status = withUnsafePointer(to: range.global) { global in
      withUnsafePointer(to: range.local) { local in
        global.withMemoryRebound(to: Int.self, capacity: 3) { global in
          local.withMemoryRebound(to: Int.self, capacity: 3) { local in
            library.enqueueNDRangeKernel(handle, kernel.handle, 3, nil, global, local, 0, nil, event)
          }
        }
      }
    }
    try check(status, "clEnqueueNDRangeKernel", "\(kernel.name) over \(range)")
  }
}
