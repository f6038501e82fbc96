import CPUKernels
import TestSupport
import Testing

/// Every operation against what PyTorch computed in double precision.
@Suite("PyTorch's vectors on the CPU")
struct PyTorchVectorTests {
  @Test("Forward and backward agree with PyTorch", arguments: VectorSuite.all)
  func agrees(with suite: VectorSuite) throws {
    try suite.check(on: CPUBackend())
  }
}
