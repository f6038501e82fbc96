import Runtime
import Testing

@Suite("Loading OpenCL")
struct OpenCLLibraryTests {
  @Test("Without a loader, a typed error names the library")
  func missing() {
    do {
      _ = try OpenCLLibrary(names: ["libNoSuchOpenCL.so.1"])
      Issue.record("a library that does not exist was opened")
    } catch {
      guard case .library(let name, let reason) = error else {
        Issue.record("\(error)")
        return
      }
      #expect(name == "libNoSuchOpenCL.so.1")
      #expect(reason.contains("install") && !reason.contains(name))
      #expect(!error.description.contains("\n"))
    }
  }

  @Test("A library that is not OpenCL is refused with the name of the missing function")
  func foreign() {
    do {
      _ = try OpenCLLibrary(names: ["libc.so.6"])
      Issue.record("the C library was taken for OpenCL")
    } catch {
      #expect(error.description.contains("clGetPlatformIDs"))
    }
  }
}
