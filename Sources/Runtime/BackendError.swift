/// What can go wrong on a device. `description` is one line: what failed, where, and what to do about it.
public enum BackendError: Error {
  /// An OpenCL call returned an error status.
  case openCL(OpenCLError)
  /// A shared library could not be loaded, or lacks a function.
  case library(name: String, reason: String)
  /// A device that was asked for by name is not there.
  case noSuchDevice(String)
  /// A device cannot compute as it was told to.
  case unsupportedPrecision(Precision, device: String, reason: String)
  /// The device has no room for `requested` bytes more.
  case outOfMemory(requested: Int, device: String)
  /// An operation's tensors do not fit together, or a tensor has no memory yet.
  case invalidOperation(operation: String, reason: String)
  /// A tensor's memory belongs to another backend.
  case foreignMemory(operation: String, tensor: String)
}
