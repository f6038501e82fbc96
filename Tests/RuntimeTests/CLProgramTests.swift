import Foundation
import Runtime
import Testing

@Suite("OpenCL programs and kernels", .enabled(if: OpenCLDevice.isAvailable, OpenCLDevice.skipReason))
struct CLProgramTests {
  @Test("A kernel runs with its arguments, and its event has the times")
  func run() throws {
    let fixture = try OpenCLFixture(profiling: true)
    let memory = try fixture.memory((0..<1000).map(Float.init))
    let event = try fixture.scale(memory, by: 3, with: try fixture.scaleProgram())
    try event.wait()
    #expect(try event.isComplete)
    let times = try event.times()
    #expect(times.queued <= times.submitted && times.submitted <= times.started && times.started <= times.ended)
    #expect(try fixture.values(of: memory) == (0..<1000).map { 3 * Float($0) })
  }

  @Test("A queue without profiling has no times")
  func noProfiling() throws {
    let fixture = try OpenCLFixture()
    let memory = try fixture.memory([1])
    let event = try fixture.scale(memory, by: 2, with: try fixture.scaleProgram())
    let error = openCLError { _ = try event.times() }
    #expect(error?.statusName == "CL_PROFILING_INFO_NOT_AVAILABLE" && error?.call == "clGetEventProfilingInfo")
  }

  @Test("A program that does not build gives the first error in one line, and the whole log")
  func buildFailure() throws {
    let fixture = try OpenCLFixture()
    let source = "kernel void broken(global float *x) { x[0] = no_such_name; }\n"
    let error = openCLError { _ = try CLProgram("broken.cl", source: source, context: fixture.context) }
    #expect(error?.call == "clBuildProgram" && error?.statusName == "CL_BUILD_PROGRAM_FAILURE")
    #expect(error?.detail?.hasPrefix("broken.cl: ") == true && error?.description.contains("\n") == false)
    #expect(error?.buildLog?.contains("no_such_name") == true)
  }

  @Test("With a cache, the whole log of a failed build is a file that the error names")
  func buildLog() throws {
    let fixture = try OpenCLFixture()
    let folder = FileManager.default.temporaryDirectory.appending(path: "build-log-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let source = "kernel void broken(global float *x) { x[0] = no_such_name; }\n"
    let error = openCLError {
      _ = try CLProgram(
        "broken.cl", source: source, context: fixture.context, cache: CLProgramCache(folder: folder))
    }
    #expect(error?.description.hasSuffix("\(folder)/broken.cl.log") == true)
    #expect(try String(contentsOfFile: "\(folder)/broken.cl.log", encoding: .utf8) == error?.buildLog)
  }

  @Test("A cache that is for logs alone gets no binary")
  func logsAlone() throws {
    let fixture = try OpenCLFixture()
    let folder = FileManager.default.temporaryDirectory.appending(path: "logs-alone-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    func build(_ source: String) throws {
      _ = try CLProgram(
        "scale.cl", source: source, context: fixture.context, cache: CLProgramCache(folder: folder), keepsBinary: false)
    }
    try build(OpenCLFixture.scaleSource)
    #expect(!FileManager.default.fileExists(atPath: folder))
    _ = openCLError { try build("kernel void broken(global float *x) { x[0] = no_such_name; }") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["scale.cl.log"])
  }

  @Test("A kernel that the program lacks is named in the error")
  func missingKernel() throws {
    let fixture = try OpenCLFixture()
    let program = try fixture.scaleProgram()
    let error = openCLError { _ = try CLKernel("shrink", in: program) }
    #expect(error?.call == "clCreateKernel" && error?.statusName == "CL_INVALID_KERNEL_NAME")
    #expect(error?.detail == "shrink in scale.cl")
  }

  @Test("A wrong argument is named in the error")
  func wrongArgument() throws {
    let fixture = try OpenCLFixture()
    let kernel = try CLKernel("scale", in: try fixture.scaleProgram())
    let error = openCLError { try kernel.setArgument(9, Float(1)) }
    #expect(error?.call == "clSetKernelArg" && error?.statusName == "CL_INVALID_ARG_INDEX")
    #expect(error?.detail == "scale, argument 9")
  }
}
