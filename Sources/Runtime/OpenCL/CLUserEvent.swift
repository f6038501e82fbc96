import COpenCL

/// An event of the host that queued commands wait for. Owns the handle.
///
/// `@unchecked Sendable`: the handle never changes, and OpenCL's functions of events may be called by any thread.
public final class CLUserEvent: @unchecked Sendable {
  private let library: OpenCLLibrary
  let handle: cl_event

  public init(context: CLContext) throws(BackendError) {
    library = context.library
    var status: cl_int = 0
    let created = context.library.createUserEvent(context.handle, &status)
    handle = try checked(created, status, "clCreateUserEvent")
  }

  deinit { _ = library.releaseEvent(handle) }

  /// Lets the commands that wait for the event run. Called once.
  public func come() { _ = library.setUserEventStatus(handle, cl_int(CL_COMPLETE)) }
}
