import CLKernels
import TestSupport
import Testing

/// Every operation against what PyTorch computed in double precision, with both kinds of bodies.
@Suite("PyTorch's vectors on OpenCL", .enabled(if: TestDevice.isAvailable, TestDevice.skipReason))
struct PyTorchVectorTests {
  @Test("Forward and backward agree with PyTorch", arguments: VectorSuite.all, KernelBodies.allCases)
  func agrees(with suite: VectorSuite, bodies: KernelBodies) throws {
    try suite.check(on: try CLBackend(device: try TestDevice.device(), bodies: bodies))
  }
}
