import Runtime

extension CLBackend {
  public func workspaceByteCount(_ operation: ConvolutionForward) -> Int { 0 }

  public func prepare(_ operation: ConvolutionForward, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    throw .invalidOperation(operation: ConvolutionForward.name, reason: "not available on OpenCL yet")
  }

  public func workspaceByteCount(_ operation: ConvolutionBackwardData) -> Int { 0 }

  public func prepare(_ operation: ConvolutionBackwardData, workspace: DeviceMemory?) throws(BackendError) -> any Launch
  {
    throw .invalidOperation(operation: ConvolutionBackwardData.name, reason: "not available on OpenCL yet")
  }

  public func workspaceByteCount(_ operation: ConvolutionBackwardFilter) -> Int { 0 }

  public func prepare(_ operation: ConvolutionBackwardFilter, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    throw .invalidOperation(operation: ConvolutionBackwardFilter.name, reason: "not available on OpenCL yet")
  }
}
