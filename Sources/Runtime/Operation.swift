/// Which of an operation's computations this is.
public enum Pass: String, Codable, Sendable, CaseIterable {
  case forward
  /// Forward with running statistics instead of the batch's.
  case inference
  /// Gradient of all inputs at once.
  case backward
  /// Gradient of a convolution's input.
  case backwardData
  /// Gradient of a convolution's weights and bias.
  case backwardFilter
}

/// One computation on tensors: what is to be done, as a value, without saying how. A backend turns it into a `Launch`.
///
/// To add an operation: a file here with its descriptor, a method in `Backend`, and a file of the same name in
/// `kernels/`, `CLKernels`, `CPUKernels` and `KernelCases`.
public protocol Operation {
  /// The operation's name in every tree, without the pass: `Convolution`.
  static var name: String { get }
  var pass: Pass { get }
  /// Tensors whose old contents matter.
  var reads: [Tensor] { get }
  /// Tensors whose contents this changes (one that is added to is in both lists).
  var writes: [Tensor] { get }
  /// Floating-point operations of the direct method, a multiply-add counted as two.
  var floatingPointOperations: Int { get }
  /// Bytes of scratch memory that `prepare` needs: 0 unless the operation says otherwise. All operations of a plan share
  /// one scratch range.
  func workspaceByteCount(on backend: any Backend) -> Int
  /// Binds the operation to its tensors' memory. Nothing is computed and, after this, nothing is allocated.
  func prepare(on backend: any Backend, workspace: DeviceMemory?) throws(BackendError) -> any Launch
}

extension Operation {
  /// What messages call it: `MaxPooling backward`.
  public var title: String { "\(Self.name) \(pass.rawValue)" }

  public func workspaceByteCount(on backend: any Backend) -> Int { 0 }

  /// Bytes that must move at least: every tensor read and written once.
  public var minimumBytes: Int {
    (reads + writes).reduce(0) { $0 + $1.shape.count * $1.storage.elementType.byteCount }
  }
}

/// An operation bound to memory, ready to run any number of times.
public protocol Launch: AnyObject {
  /// Runs the operation, or puts it into the device's in-order queue.
  func run() throws(BackendError)
}
