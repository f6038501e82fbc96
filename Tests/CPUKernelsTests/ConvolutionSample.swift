import KernelCases
import Runtime
import Testing

@testable import CPUKernels

/// A 3 × 3 convolution with stride 1, a transposed one with stride 2, or a 4 × 4 convolution with stride 2, of slices
/// of wider images.
struct ConvolutionSample: CustomTestStringConvertible, Sendable {
  let batch: Int
  let height: Int
  let width: Int
  let inputChannels: Int
  let outputChannels: Int
  /// The output padding of a transposed convolution; nil for a convolution.
  var outputPadding: Int?
  var kernel = 3

  static let passes: [Pass] = [.forward, .backwardData, .backwardFilter]

  var testDescription: String { "\(inputShape) → \(outputShape)" }
  private var geometry: ConvolutionGeometry {
    ConvolutionGeometry(kernel: kernel, stride: kernel == 3 && outputPadding == nil ? 1 : 2, padding: 1)
  }
  private var inputShape: Shape { Shape(batch, height, width, inputChannels) }
  private var outputShape: Shape {
    guard let outputPadding else { return geometry.outputShape(of: inputShape, outputChannels: outputChannels) }
    return geometry.transposedOutputShape(of: inputShape, outputChannels: outputChannels, outputPadding: outputPadding)
  }

  private func values(_ tensor: Tensor, stream: UInt64) -> TensorValues {
    var random = Philox(seed: 7, stream: stream)
    return TensorValues(
      tensor,
      ReferenceTensor(tensor.shape, (0..<tensor.shape.count).map { _ in Double(random.nextUniform(in: -1...1)) }))
  }

  /// Channels 3 and on of a tensor with 5 channels more.
  private func slice(_ name: String, _ shape: Shape) -> Tensor {
    Tensor(name, Shape(shape.batch, shape.height, shape.width, shape.channels + 5)).channels(3..<3 + shape.channels)
  }

  /// Returns a pass with its inputs. The gradients of weights and bias are added to.
  func instance(_ pass: Pass, planned planning: PlannedConvolution.Planning) -> CaseInstance {
    let input = slice("input", inputShape)
    let output = slice("output", outputShape)
    let weights = Tensor("weights", Shape(kernel, kernel, inputChannels, outputChannels))
    let bias = Tensor("bias", Shape(vector: outputChannels))
    // A transposed convolution's input is the map.
    let transposed = outputPadding != nil
    let (image, map) = transposed ? (output, input) : (input, output)
    let target: ConvolutionProblem.Target =
      switch pass {
      case .forward: transposed ? .image : .map
      case .backwardData: transposed ? .map : .image
      default: .weights
      }
    let problem = ConvolutionProblem(
      target: target, image: image, map: map, weights: weights, bias: pass == .backwardData ? nil : bias,
      geometry: geometry, weightsInput: transposed ? .map : .image, accumulate: target == .weights)
    let inputs = problem.reads.enumerated().map { values($1, stream: UInt64($0)) }
    return CaseInstance(operation: PlannedConvolution(problem: problem, planning: planning), inputs: inputs)
  }
}

/// A convolution's pass by an algorithm of the test's choice.
struct PlannedConvolution: ConvolutionOperation, ReferencedOperation {
  enum Planning: CaseIterable, Sendable {
    /// By the algorithm that the backend chooses.
    case fastest
    /// By products of shifted images.
    case shifted
    /// By the algorithm that the backend chooses where a library multiplies.
    case fastestLibrary
    /// By products of shifted images, which a library computes.
    case shiftedLibrary
    /// By the algorithm that the backend chooses, a weight gradient with three tiles at a time.
    case shortPasses

    /// All, or those without a library where there is none.
    static let available: [Planning] = (try? BLAS.shared()) == nil ? [.fastest, .shifted, .shortPasses] : allCases
  }

  static let name = ConvolutionForward.name
  let problem: ConvolutionProblem
  let planning: Planning

  func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation {
    guard planning != .fastest, let backend = backend as? CPUBackend else { return try backend.plan(problem) }
    if planning == .shortPasses {
      let filter = problem.target == .weights ? WinogradFilter(problem, on: backend.pool, nil, passTiles: 3...3) : nil
      return backend.plan(problem, by: filter ?? backend.fastestAlgorithm(for: problem, nil))
    }
    let blas = planning == .shifted ? nil : try BLAS.shared()
    if planning == .fastestLibrary { return backend.plan(problem, by: backend.fastestAlgorithm(for: problem, blas)) }
    return backend.plan(
      problem,
      by: problem.target == .weights
        ? ShiftedFilter(problem, on: backend.pool, blas) : ShiftedData(problem, on: backend.pool, blas))
  }
}
