import Runtime
import Testing

@Suite("PoCL")
struct PoCLTests {
  @Test("The folder of kept kernels follows the environment")
  func keptKernels() {
    #expect(PoCL.keptKernels(environment: ["POCL_CACHE_DIR": "/p", "HOME": "/h"]) == "/p")
    #expect(PoCL.keptKernels(environment: ["XDG_CACHE_HOME": "/x", "HOME": "/h"]) == "/x/pocl/kcache")
    #expect(PoCL.keptKernels(environment: ["HOME": "/h"]) == "/h/.cache/pocl/kcache")
    #expect(PoCL.keptKernels(environment: ["HOME": "/h", "POCL_KERNEL_CACHE": "0"]) == nil)
    #expect(PoCL.keptKernels(environment: [:]) == nil)
  }
}
