import Runtime
import Testing

@Suite("OpenCL errors")
struct OpenCLErrorTests {
  @Test(
    "A status has the name that the headers give it",
    arguments: [
      (Int32(-1), "CL_DEVICE_NOT_FOUND"), (-4, "CL_MEM_OBJECT_ALLOCATION_FAILURE"), (-5, "CL_OUT_OF_RESOURCES"),
      (-11, "CL_BUILD_PROGRAM_FAILURE"), (-19, "CL_KERNEL_ARG_INFO_NOT_AVAILABLE"), (-30, "CL_INVALID_VALUE"),
      (-48, "CL_INVALID_KERNEL"), (-54, "CL_INVALID_WORK_GROUP_SIZE"), (-61, "CL_INVALID_BUFFER_SIZE"),
      (-68, "CL_INVALID_DEVICE_PARTITION_COUNT"), (-1001, "CL_PLATFORM_NOT_FOUND_KHR"),
    ])
  func names(status: Int32, name: String) {
    #expect(OpenCLError(call: "clFinish", status: status).statusName == name)
  }

  @Test("Every status of OpenCL 1.2 has a name of its own")
  func complete() {
    let statuses = (-19...0).map { Int32($0) } + (-68 ... -30).map { Int32($0) }
    let names = statuses.map { OpenCLError(call: "", status: $0).statusName }
    #expect(names.allSatisfy { $0.hasPrefix("CL_") })
    #expect(Set(names).count == statuses.count)
  }

  @Test("The description is one line with the call, the status's name and the subject")
  func description() {
    let error = OpenCLError(call: "clBuildProgram", status: -11, detail: "fill.cl: no such type", buildLog: "a\nb\n")
    #expect(error.description == "clBuildProgram: CL_BUILD_PROGRAM_FAILURE: fill.cl: no such type")
    #expect(OpenCLError(call: "clFoo", status: -777).description == "clFoo: unknown status -777")
  }
}
