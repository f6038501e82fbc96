import TestSupport
import Testing

/// The references that every backend is checked with, themselves against what PyTorch computed.
@Suite("PyTorch's vectors on the references")
struct PyTorchVectorTests {
  @Test("Forward and backward agree with PyTorch", arguments: VectorSuite.all)
  func agrees(with suite: VectorSuite) throws {
    try suite.check(on: ReferenceBackend())
  }
}
