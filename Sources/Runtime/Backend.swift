/// A device that can hold tensors and run every operation.
///
/// Work is in order: a launch sees the results of all launches before it. `run` may return before the work is done;
/// `download` and `synchronize` wait.
public protocol Backend: AnyObject {
  /// Short name for configs and messages: `cpu`, `opencl:0.0`.
  var name: String { get }
  /// The device's product name and how it is driven: `AMD EPYC, 2 threads, AVX-512`.
  var deviceDescription: String { get }
  /// The precision of the products of convolutions.
  var precision: Precision { get }
  /// How the processor's convolutions multiply; nil for other devices.
  var products: MatrixProducts? { get }
  /// Start of a region must be a multiple of this many bytes.
  var regionAlignment: Int { get }
  /// Largest single allocation in bytes.
  var maximumAllocationByteCount: Int { get }
  /// The device's memory in bytes.
  var memoryByteCount: Int { get }

  /// A digest of the tuned algorithms that the operations planned so far use, or of the library that multiplies; nil
  /// where there is none. Others give other bits, within rounding.
  var tuning: String? { get }

  // MARK: Memory

  /// Uninitialized memory.
  func allocate(byteCount: Int) throws(BackendError) -> DeviceMemory
  /// A part of `memory`; it keeps `memory` alive. `byteOffset` is a multiple of `regionAlignment`.
  func region(of memory: DeviceMemory, byteOffset: Int, byteCount: Int) throws(BackendError) -> DeviceMemory
  /// Copies host bytes to `memory`; the source may be reused on return.
  func upload(_ bytes: UnsafeRawBufferPointer, to memory: DeviceMemory, byteOffset: Int) throws(BackendError)
  /// Waits for the work in the queue and copies bytes of `memory` to the host.
  func download(_ memory: DeviceMemory, byteOffset: Int, into bytes: UnsafeMutableRawBufferPointer)
    throws(BackendError)
  /// Hands queued work to the device without waiting.
  func flush() throws(BackendError)
  /// Waits until all work is done.
  func synchronize() throws(BackendError)

  // MARK: Measuring

  /// Runs `launch` to its end and returns how long it took, in seconds: by the device's own clock where there is one,
  /// which leaves out what the host does between kernels.
  func time(_ launch: any Launch) throws(BackendError) -> Double
  /// Measures the device's peak arithmetic and memory throughput. Takes about a second.
  func measurePeaks() throws(BackendError) -> DevicePeaks

  // MARK: Operations, by name. `Operation.plan(on:)` has checked them.

  func plan(_ operation: ActivationForward) throws(BackendError) -> PlannedOperation
  func plan(_ operation: ActivationBackward) throws(BackendError) -> PlannedOperation
  func plan(_ operation: Adam) throws(BackendError) -> PlannedOperation
  func plan(_ operation: BatchGather) throws(BackendError) -> PlannedOperation
  func plan(_ operation: BatchNormalizationForward) throws(BackendError) -> PlannedOperation
  func plan(_ operation: BatchNormalizationInference) throws(BackendError) -> PlannedOperation
  func plan(_ operation: BatchNormalizationBackward) throws(BackendError) -> PlannedOperation
  func plan(_ operation: BatchNormalizationGradientMeans) throws(BackendError) -> PlannedOperation
  func plan(_ operation: BatchNormalizationInputGradient) throws(BackendError) -> PlannedOperation
  func plan(_ operation: BinaryCrossEntropy) throws(BackendError) -> PlannedOperation
  func plan(_ operation: ColorWeights) throws(BackendError) -> PlannedOperation
  func plan(_ operation: Concatenation) throws(BackendError) -> PlannedOperation
  func plan(_ operation: Split) throws(BackendError) -> PlannedOperation
  /// Every pass of a convolution and of a transposed convolution.
  func plan(_ problem: ConvolutionProblem) throws(BackendError) -> PlannedOperation
  func plan(_ operation: ExponentialMovingAverage) throws(BackendError) -> PlannedOperation
  func plan(_ operation: Fill) throws(BackendError) -> PlannedOperation
  func plan(_ operation: MaxPoolingForward) throws(BackendError) -> PlannedOperation
  func plan(_ operation: MaxPoolingBackward) throws(BackendError) -> PlannedOperation
  func plan(_ operation: MomentsJoin) throws(BackendError) -> PlannedOperation
  func plan(_ operation: PixelwiseLoss) throws(BackendError) -> PlannedOperation
  func plan(_ operation: RandomFill) throws(BackendError) -> PlannedOperation
  func plan(_ operation: RankSumStart) throws(BackendError) -> PlannedOperation
  func plan(_ operation: RankSumEnd) throws(BackendError) -> PlannedOperation
  func plan(_ operation: ScaledSum) throws(BackendError) -> PlannedOperation
  func plan(_ operation: SpectralNormalizationForward) throws(BackendError) -> PlannedOperation
  func plan(_ operation: SpectralNormalizationBackward) throws(BackendError) -> PlannedOperation
  func plan(_ operation: UpsamplingForward) throws(BackendError) -> PlannedOperation
  func plan(_ operation: UpsamplingBackward) throws(BackendError) -> PlannedOperation
}

extension Backend {
  public var memoryByteCount: Int { maximumAllocationByteCount }
  public var products: MatrixProducts? { nil }
  public var tuning: String? { nil }

  /// Plans one operation by itself and binds it, with a workspace of its own.
  public func launch(_ operation: some Operation) throws(BackendError) -> any Launch {
    let planned = try operation.plan(on: self)
    let byteCount = planned.workspaceByteCount
    return try planned.bind(workspace: byteCount > 0 ? allocate(byteCount: byteCount) : nil)
  }

  public func time(_ launch: any Launch) throws(BackendError) -> Double { try hostTime(of: launch) }

  /// Returns how long a launch takes by the host's clock, in seconds, from an idle device to an idle device.
  package func hostTime(of launch: any Launch) throws(BackendError) -> Double {
    try synchronize()
    let start = ContinuousClock.now
    try launch.run()
    try synchronize()
    return start.secondsUntilNow
  }
}

extension ContinuousClock.Instant {
  /// Seconds from this instant until now.
  package var secondsUntilNow: Double { duration(to: .now) / .seconds(1) }
}
