extension BackendError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .openCL(let error): error.description
    case .library(let name, let reason): "\(name): \(reason)"
    case .noSuchDevice(let text): text
    case .outOfMemory(let requested, let device):
      "\(device): no room for \(requested) bytes more; use a smaller --batch-size or --width"
    case .invalidOperation(let operation, let reason): "\(operation): \(reason)"
    case .foreignMemory(let operation, let tensor): "\(operation): tensor \(tensor) lives on another device"
    }
  }
}
