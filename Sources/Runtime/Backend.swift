/// A device that can hold tensors and run every operation.
///
/// Work is in order: a launch sees the results of all launches before it. `run` may return before the work is done;
/// `download` and `synchronize` wait.
public protocol Backend: AnyObject {
  /// Short name for configs and messages: `cpu`, `opencl:0.0`.
  var name: String { get }
  /// The device as its maker calls it, with what runs it: `AMD EPYC, 2 threads, AVX-512`.
  var deviceDescription: String { get }
  /// How products of convolutions are computed.
  var precision: Precision { get }
  /// Start of a region must be a multiple of this many bytes.
  var regionAlignment: Int { get }
  /// Largest single allocation in bytes.
  var maximumAllocationByteCount: Int { get }
  /// The device's memory in bytes.
  var memoryByteCount: Int { get }

  /// Names the measured choices that the operations prepared so far made use of; nil where none was. With other choices the
  /// same work gives other bits, within rounding.
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

  /// Runs `launch` to its end and returns how long it took, in seconds: by the device's own clock where there is one, which
  /// leaves out what the host does between kernels.
  func time(_ launch: any Launch) throws(BackendError) -> Double
  /// Measures what the device can do at most. Takes about a second.
  func measurePeaks() throws(BackendError) -> DevicePeaks

  // MARK: Operations, by name

  func prepare(_ operation: ActivationForward) throws(BackendError) -> any Launch
  func prepare(_ operation: ActivationBackward) throws(BackendError) -> any Launch
  func prepare(_ operation: Adam) throws(BackendError) -> any Launch
  func prepare(_ operation: BatchGather) throws(BackendError) -> any Launch
  func prepare(_ operation: BatchNormalizationForward, workspace: DeviceMemory?) throws(BackendError) -> any Launch
  func prepare(_ operation: BatchNormalizationInference) throws(BackendError) -> any Launch
  func prepare(_ operation: BatchNormalizationBackward, workspace: DeviceMemory?) throws(BackendError) -> any Launch
  func prepare(_ operation: BinaryCrossEntropy, workspace: DeviceMemory?) throws(BackendError) -> any Launch
  func prepare(_ operation: Concatenation) throws(BackendError) -> any Launch
  func prepare(_ operation: Split) throws(BackendError) -> any Launch
  func prepare(_ operation: ConvolutionForward, workspace: DeviceMemory?) throws(BackendError) -> any Launch
  func prepare(_ operation: ConvolutionBackwardData, workspace: DeviceMemory?) throws(BackendError) -> any Launch
  func prepare(_ operation: ConvolutionBackwardFilter, workspace: DeviceMemory?) throws(BackendError) -> any Launch
  func prepare(_ operation: ExponentialMovingAverage) throws(BackendError) -> any Launch
  func prepare(_ operation: Fill) throws(BackendError) -> any Launch
  func prepare(_ operation: L1Loss, workspace: DeviceMemory?) throws(BackendError) -> any Launch
  func prepare(_ operation: MaxPoolingForward) throws(BackendError) -> any Launch
  func prepare(_ operation: MaxPoolingBackward) throws(BackendError) -> any Launch
  func prepare(_ operation: MeanSquaredError, workspace: DeviceMemory?) throws(BackendError) -> any Launch
  func prepare(_ operation: RandomFill) throws(BackendError) -> any Launch
  func prepare(_ operation: SpectralNormalizationForward, workspace: DeviceMemory?) throws(BackendError) -> any Launch
  func prepare(_ operation: SpectralNormalizationBackward, workspace: DeviceMemory?) throws(BackendError) -> any Launch
  func prepare(_ operation: TransposedConvolutionForward, workspace: DeviceMemory?) throws(BackendError) -> any Launch
  func prepare(_ operation: TransposedConvolutionBackwardData, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  func prepare(_ operation: TransposedConvolutionBackwardFilter, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  func prepare(_ operation: UpsamplingForward) throws(BackendError) -> any Launch
  func prepare(_ operation: UpsamplingBackward) throws(BackendError) -> any Launch

  // MARK: Scratch memory of the operations that take some, in bytes

  func workspaceByteCount(_ operation: BatchNormalizationForward) -> Int
  func workspaceByteCount(_ operation: BatchNormalizationBackward) -> Int
  func workspaceByteCount(_ operation: BinaryCrossEntropy) -> Int
  func workspaceByteCount(_ operation: ConvolutionForward) -> Int
  func workspaceByteCount(_ operation: ConvolutionBackwardData) -> Int
  func workspaceByteCount(_ operation: ConvolutionBackwardFilter) -> Int
  func workspaceByteCount(_ operation: L1Loss) -> Int
  func workspaceByteCount(_ operation: MeanSquaredError) -> Int
  func workspaceByteCount(_ operation: SpectralNormalizationForward) -> Int
  func workspaceByteCount(_ operation: SpectralNormalizationBackward) -> Int
  func workspaceByteCount(_ operation: TransposedConvolutionForward) -> Int
  func workspaceByteCount(_ operation: TransposedConvolutionBackwardData) -> Int
  func workspaceByteCount(_ operation: TransposedConvolutionBackwardFilter) -> Int
}

extension Backend {
  public var memoryByteCount: Int { maximumAllocationByteCount }
  public var tuning: String? { nil }
}
