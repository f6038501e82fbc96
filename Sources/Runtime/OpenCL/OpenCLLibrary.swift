import COpenCL
import Glibc

/// The OpenCL loader, opened at run time so that a program starts on a machine that has none.
///
/// One instance serves the process; it is never closed, because drivers keep threads of their own.
// Unchecked: every stored property is a `let` C function pointer, which the compiler does not count as Sendable; the
// OpenCL API is thread-safe but for clSetKernelArg on one kernel object, and `CLKernel` is not Sendable.
public final class OpenCLLibrary: @unchecked Sendable {
  let getPlatformIDs: clGetPlatformIDs_function
  let getPlatformInfo: clGetPlatformInfo_function
  let getDeviceIDs: clGetDeviceIDs_function
  let getDeviceInfo: clGetDeviceInfo_function
  let createContext: clCreateContext_function
  let releaseContext: clReleaseContext_function
  let createCommandQueue: clCreateCommandQueue_function
  let releaseCommandQueue: clReleaseCommandQueue_function
  let flush: clFlush_function
  let finish: clFinish_function
  let createBuffer: clCreateBuffer_function
  let createSubBuffer: clCreateSubBuffer_function
  let releaseMemObject: clReleaseMemObject_function
  let enqueueReadBuffer: clEnqueueReadBuffer_function
  let enqueueWriteBuffer: clEnqueueWriteBuffer_function
  let enqueueFillBuffer: clEnqueueFillBuffer_function
  let enqueueMapBuffer: clEnqueueMapBuffer_function
  let enqueueUnmapMemObject: clEnqueueUnmapMemObject_function
  let createProgramWithSource: clCreateProgramWithSource_function
  let createProgramWithBinary: clCreateProgramWithBinary_function
  let buildProgram: clBuildProgram_function
  let getProgramInfo: clGetProgramInfo_function
  let getProgramBuildInfo: clGetProgramBuildInfo_function
  let releaseProgram: clReleaseProgram_function
  let createKernel: clCreateKernel_function
  let releaseKernel: clReleaseKernel_function
  let setKernelArg: clSetKernelArg_function
  let getKernelWorkGroupInfo: clGetKernelWorkGroupInfo_function
  let enqueueNDRangeKernel: clEnqueueNDRangeKernel_function
  let createUserEvent: clCreateUserEvent_function
  let setUserEventStatus: clSetUserEventStatus_function
  let waitForEvents: clWaitForEvents_function
  let getEventInfo: clGetEventInfo_function
  let getEventProfilingInfo: clGetEventProfilingInfo_function
  let releaseEvent: clReleaseEvent_function

  /// File names to try, in order: what a run-time package installs, then what a development package adds.
  public static let defaultNames = ["libOpenCL.so.1", "libOpenCL.so"]

  private static let loaded = Result { () throws(BackendError) in try OpenCLLibrary(names: defaultNames) }

  /// The loader of this process.
  /// - Throws: `BackendError.library` where there is none.
  public static func shared() throws(BackendError) -> OpenCLLibrary { try loaded.get() }

  /// Opens the first of `names` that is there.
  /// - Throws: `BackendError.library` if none is, or if it lacks a function of OpenCL 1.2.
  public init(names: [String]) throws(BackendError) {
    var reasons: [String] = []
    var opened: (handle: UnsafeMutableRawPointer, name: String)?
    for name in names where opened == nil {
      if let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) {
        opened = (handle, name)
      } else {
        // The reason of a missing file begins with its name, which the error names anyway.
        let reason = dlerror().map { String(cString: $0) } ?? "cannot be opened"
        reasons.append(String(reason.trimmingPrefix("\(name): ")))
      }
    }
    guard let (handle, libraryName) = opened else {
      // The first name is the one that an installation has; why the others are not there either says no more.
      throw .library(
        name: names.first ?? "libOpenCL",
        reason: "\(reasons.first ?? "no file name given"); install an OpenCL loader (Debian: ocl-icd-libopencl1)")
    }

    func function<Function>(_ name: String) throws(BackendError) -> Function {
      guard let address = dlsym(handle, name) else {
        throw .library(name: libraryName, reason: "lacks \(name); OpenCL 1.2 or later is needed")
      }
      return unsafeBitCast(address, to: Function.self)
    }
    getPlatformIDs = try function("clGetPlatformIDs")
    getPlatformInfo = try function("clGetPlatformInfo")
    getDeviceIDs = try function("clGetDeviceIDs")
    getDeviceInfo = try function("clGetDeviceInfo")
    createContext = try function("clCreateContext")
    releaseContext = try function("clReleaseContext")
    createCommandQueue = try function("clCreateCommandQueue")
    releaseCommandQueue = try function("clReleaseCommandQueue")
    flush = try function("clFlush")
    finish = try function("clFinish")
    createBuffer = try function("clCreateBuffer")
    createSubBuffer = try function("clCreateSubBuffer")
    releaseMemObject = try function("clReleaseMemObject")
    enqueueReadBuffer = try function("clEnqueueReadBuffer")
    enqueueWriteBuffer = try function("clEnqueueWriteBuffer")
    enqueueFillBuffer = try function("clEnqueueFillBuffer")
    enqueueMapBuffer = try function("clEnqueueMapBuffer")
    enqueueUnmapMemObject = try function("clEnqueueUnmapMemObject")
    createProgramWithSource = try function("clCreateProgramWithSource")
    createProgramWithBinary = try function("clCreateProgramWithBinary")
    buildProgram = try function("clBuildProgram")
    getProgramInfo = try function("clGetProgramInfo")
    getProgramBuildInfo = try function("clGetProgramBuildInfo")
    releaseProgram = try function("clReleaseProgram")
    createKernel = try function("clCreateKernel")
    releaseKernel = try function("clReleaseKernel")
    setKernelArg = try function("clSetKernelArg")
    getKernelWorkGroupInfo = try function("clGetKernelWorkGroupInfo")
    enqueueNDRangeKernel = try function("clEnqueueNDRangeKernel")
    createUserEvent = try function("clCreateUserEvent")
    setUserEventStatus = try function("clSetUserEventStatus")
    waitForEvents = try function("clWaitForEvents")
    getEventInfo = try function("clGetEventInfo")
    getEventProfilingInfo = try function("clGetEventProfilingInfo")
    releaseEvent = try function("clReleaseEvent")
  }
}

/// Turns an error status into a typed error.
func check(_ status: cl_int, _ call: String, _ detail: @autoclosure () -> String? = nil) throws(BackendError) {
  guard status == CL_SUCCESS else { throw .openCL(OpenCLError(call: call, status: status, detail: detail())) }
}

/// The handle that a `clCreate…` call returned, or its status as an error.
func checked<Handle>(
  _ handle: Handle?, _ status: cl_int, _ call: String, _ detail: @autoclosure () -> String? = nil
) throws(BackendError) -> Handle {
  try check(status, call, detail())
  guard let handle else {
    throw .openCL(OpenCLError(call: call, status: CL_OUT_OF_HOST_MEMORY, detail: "returned no object"))
  }
  return handle
}
