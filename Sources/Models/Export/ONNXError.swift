/// A model that cannot be written as an ONNX file.
public enum ONNXError: Error, Equatable {
  /// An operation that has no counterpart in the file.
  case unknownOperation(String)
  /// Larger than a message of Protocol Buffers may be.
  case tooLarge(byteCount: Int)
  /// A model that predicts a* and b* was asked for numbers in 0...1.
  case notNormalizable
  /// A system call failed on the file.
  case file(path: String, reason: String)
}

extension ONNXError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownOperation(let name): "ONNX: there is nothing to write for the operation \(name)"
    case .tooLarge(let byteCount):
      "ONNX: the file would have \(byteCount) bytes, and can have 2 GiB at most; a model of a smaller width fits"
    case .notNormalizable:
      "--normalized: the model takes L* and gives a* and b* of CIELAB; leave it out, the file says how they are scaled"
    case .file(let path, let reason): "\(path): \(reason)"
    }
  }
}
