import MessagePassing

/// An error of a device. `description` is one line: what failed, where, and what to do about it.
public enum BackendError: Error {
  /// An OpenCL call returned an error status.
  case openCL(OpenCLError)
  /// A shared library could not be loaded, or lacks a function.
  case library(name: String, reason: String)
  /// A device that was asked for by name is not there.
  case noSuchDevice(String)
  /// A device does not support the requested precision.
  case unsupportedPrecision(Precision, device: String, reason: String)
  /// The device has no room for `requested` bytes more.
  case outOfMemory(requested: Int, device: String)
  /// An operation's tensors do not fit together, or a tensor has no memory yet.
  case invalidOperation(operation: String, reason: String)
  /// A tensor's memory belongs to another backend.
  case foreignMemory(operation: String, tensor: String)
  /// The messages between ranks failed in the middle of an operation.
  case messages(MessagePassingError)
}

extension BackendError {
  /// Whether the device has no room.
  public var isOutOfMemory: Bool { if case .outOfMemory = self { true } else { false } }
}

extension BackendError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .openCL(let error): error.description
    case .library(let name, let reason): "\(name): \(reason)"
    case .noSuchDevice(let text): text
    case .unsupportedPrecision(let precision, let device, let reason):
      "\(device) cannot compute in \(precision): \(reason); use --precision fp32 or auto, or another device"
    case .outOfMemory(let requested, let device):
      "\(device): no room for \(requested) bytes more; use a smaller --batch-size or --width"
    case .invalidOperation(let operation, let reason): "\(operation): \(reason)"
    case .foreignMemory(let operation, let tensor): "\(operation): tensor \(tensor) lives on another device"
    case .messages(let error): error.description
    }
  }
}
