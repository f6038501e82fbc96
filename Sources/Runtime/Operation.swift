/// The pass of a network that an operation belongs to.
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

/// One computation on tensors, as a value: what is computed, not how. A backend plans it (`plan(on:)`), and the plan is
/// bound to memory as a `Launch`.
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
  /// The same of the method with the fewest multiply-adds that is known here.
  var leastFloatingPointOperations: Int { get }
  /// Bytes that must move at least.
  var minimumBytes: Int { get }

  /// Throws `BackendError.invalidOperation` unless the tensors' types and shapes fit together.
  func validate() throws(BackendError)
  /// Returns `backend`'s plan of this operation, whose tensors are known to fit together.
  func makePlan(on backend: any Backend) throws(BackendError) -> PlannedOperation
}

extension Operation {
  /// The operation in messages: `MaxPooling backward`.
  public var title: String { "\(Self.name) \(pass.rawValue)" }

  /// Those of the direct method.
  public var leastFloatingPointOperations: Int { floatingPointOperations }

  /// Every tensor read and written once.
  public var minimumBytes: Int {
    (reads + writes).reduce(0) { $0 + $1.shape.count * $1.storage.elementType.byteCount }
  }

  /// Checks the operation and returns `backend`'s plan of it. Tensors need no memory yet.
  public func plan(on backend: any Backend) throws(BackendError) -> PlannedOperation {
    for tensor in reads + writes { try requireWithinStorage(tensor) }
    try validate()
    return try makePlan(on: backend)
  }
}

/// An operation for which a backend has chosen an algorithm, not yet bound to memory.
public struct PlannedOperation {
  private let title: String
  /// Bytes of scratch memory that `bind` needs. Operations that run one after the other may share them.
  public let workspaceByteCount: Int
  private let makeLaunch: (_ workspace: DeviceMemory?) throws(BackendError) -> any Launch

  /// - Parameter makeLaunch: gets a workspace of at least `workspaceByteCount` bytes, nil where that is 0.
  public init(
    _ title: String, workspaceByteCount: Int = 0,
    makeLaunch: @escaping (_ workspace: DeviceMemory?) throws(BackendError) -> any Launch
  ) {
    self.title = title
    self.workspaceByteCount = workspaceByteCount
    self.makeLaunch = makeLaunch
  }

  /// Binds the operation to its tensors' memory. Nothing is computed, and a launch allocates nothing.
  public func bind(workspace: DeviceMemory? = nil) throws(BackendError) -> any Launch {
    guard workspaceByteCount > 0 else { return try makeLaunch(nil) }
    guard let workspace, workspace.byteCount >= workspaceByteCount else {
      throw .invalidOperation(
        operation: title,
        reason: "\(workspace?.byteCount ?? 0) bytes of workspace given, \(workspaceByteCount) needed")
    }
    return try makeLaunch(workspace)
  }
}

/// An operation bound to memory, ready to run any number of times.
public protocol Launch: AnyObject {
  /// Does everything that can fail before the first run, such as compiling kernels, with that of all other launches
  /// that are bound; `run()` does it otherwise.
  func prepare() throws(BackendError)
  /// Runs the operation, or puts it into the device's in-order queue.
  func run() throws(BackendError)
}

extension Launch {
  public func prepare() {}
}

/// A number that the host changes between steps and an operation reads each time it is launched: the learning rate, the
/// step, the first image of a batch. Everything else about an operation is fixed when it is planned.
public final class Variable<Value: BitwiseCopyable> {
  public var value: Value
  public init(_ value: Value) { self.value = value }
}
