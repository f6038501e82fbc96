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
    }
  }
}
