import COpenCL

/// The progress of one queued command. Owns the handle.
///
/// `@unchecked Sendable`: the handle never changes, and OpenCL's functions of events may be called by any thread.
public final class CLEvent: @unchecked Sendable {
  /// When a command was queued, submitted, started and ended, in nanoseconds of the device's clock.
  public struct Times: Sendable {
    public let queued: UInt64
    public let submitted: UInt64
    public let started: UInt64
    public let ended: UInt64
    /// The duration of its run.
    public var nanoseconds: UInt64 { ended >= started ? ended - started : 0 }
  }

  private let library: OpenCLLibrary
  private let handle: cl_event

  init(library: OpenCLLibrary, handle: cl_event) {
    self.library = library
    self.handle = handle
  }

  deinit { _ = library.releaseEvent(handle) }

  /// Waits until the command is done.
  public func wait() throws(BackendError) {
    var event: cl_event? = handle
    try check(library.waitForEvents(1, &event), "clWaitForEvents")
  }

  /// Whether the command is done.
  /// - Throws: the command's own error status, if it failed.
  public var isComplete: Bool {
    get throws(BackendError) {
      let status = try InfoQuery(call: "clGetEventInfo") { [library, handle] size, value, needed in
        library.getEventInfo(handle, cl_event_info(CL_EVENT_COMMAND_EXECUTION_STATUS), size, value, needed)
      }.value(cl_int(0))
      if status < 0 { try check(status, "clGetEventInfo", "the command failed") }
      return status == CL_COMPLETE
    }
  }

  /// Waits, then gives the command's times.
  /// - Throws: `CL_PROFILING_INFO_NOT_AVAILABLE` for a queue without profiling.
  public func times() throws(BackendError) -> Times {
    try wait()
    func time(_ parameter: Int32) throws(BackendError) -> UInt64 {
      try InfoQuery(call: "clGetEventProfilingInfo") { [library, handle] size, value, needed in
        library.getEventProfilingInfo(handle, cl_profiling_info(parameter), size, value, needed)
      }.value(cl_ulong(0))
    }
    return Times(
      queued: try time(CL_PROFILING_COMMAND_QUEUED), submitted: try time(CL_PROFILING_COMMAND_SUBMIT),
      started: try time(CL_PROFILING_COMMAND_START), ended: try time(CL_PROFILING_COMMAND_END))
  }
}
