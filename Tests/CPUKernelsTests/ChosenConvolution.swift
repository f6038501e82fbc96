import Runtime

@testable import CPUKernels

/// A convolution's pass by a given algorithm, where the backend would choose.
struct ChosenConvolution: Operation {
  static let name = "Convolution"
  let operation: any Operation
  let shape: ConvolutionShape
  let algorithm: ConvolutionAlgorithm

  var pass: Pass { operation.pass }
  var reads: [Tensor] { operation.reads }
  var writes: [Tensor] { operation.writes }
  var floatingPointOperations: Int { operation.floatingPointOperations }

  func workspaceByteCount(on backend: any Backend) -> Int {
    guard let backend = backend as? CPUBackend else { return 0 }
    if let filter = operation as? ConvolutionBackwardFilter {
      return backend.filterWorkspace(shape, outputGradient: filter.outputGradient, algorithm).byteCount
    }
    return backend.convolutionWorkspace(shape, toLarge: pass == .backwardData, algorithm)
  }

  func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    let binding = Binding(self)
    guard let backend = backend as? CPUBackend else { throw binding.invalid("not on the CPU") }
    switch operation {
    case let forward as ConvolutionForward:
      return try backend.prepareConvolution(
        binding, shape, large: forward.input, small: forward.output, toLarge: false, weights: forward.weights,
        bias: forward.bias, workspace: workspace, algorithm)
    case let data as ConvolutionBackwardData:
      return try backend.prepareConvolution(
        binding, shape, large: data.inputGradient, small: data.outputGradient, toLarge: true, weights: data.weights,
        bias: nil, workspace: workspace, algorithm)
    case let filter as ConvolutionBackwardFilter:
      return try backend.prepareFilter(
        binding, shape, large: filter.input, small: filter.outputGradient, weightsGradient: filter.weightsGradient,
        biasGradient: filter.biasGradient, accumulate: filter.accumulate, workspace: workspace, algorithm)
    default:
      throw binding.invalid("not a convolution")
    }
  }
}
