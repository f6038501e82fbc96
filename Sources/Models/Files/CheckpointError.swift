/// A weights file that is sound as a safetensors file but is no model of this program's.
public enum CheckpointError: Error, Hashable {
  /// The metadata does not say which model it is, as in a file that PyTorch wrote.
  case unknownModel(path: String)
  case notAUNet(path: String, missing: String)
  case invalidMetadata(path: String, key: String, value: String)
  /// The metadata does not say whether a decoder without transposed convolutions is nearest or bilinear.
  case unknownUpsampling(path: String)
  /// A number that is infinite or none.
  case notFinite(path: String, tensor: String)
  /// A training state that does not fit the run it is resumed in.
  case wrongState(path: String, reason: String)
}

extension CheckpointError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unknownModel(let path): "\(path): does not say whether it is a unet or a gan; say it with --model"
    case .notAUNet(let path, let missing): "\(path): not a colorizer's weights, there is no tensor \(missing)"
    case .invalidMetadata(let path, let key, let value): "\(path): metadata \"\(key)\" cannot be \"\(value)\""
    case .unknownUpsampling(let path):
      "\(path): does not say whether its upsampling is nearest or bilinear; say it with --upsampling"
    case .notFinite(let path, let tensor):
      "\(path): \(tensor) holds values that are no finite numbers; the training that wrote it had diverged"
    case .wrongState(let path, let reason): "\(path): \(reason)"
    }
  }
}
