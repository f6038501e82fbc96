import Runtime

extension CLBackend {
  public func workspaceByteCount(_ operation: TransposedConvolutionForward) -> Int { 0 }

  public func prepare(_ operation: TransposedConvolutionForward, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    throw .invalidOperation(operation: TransposedConvolutionForward.name, reason: "not available on OpenCL yet")
  }

  public func workspaceByteCount(_ operation: TransposedConvolutionBackwardData) -> Int { 0 }

  public func prepare(_ operation: TransposedConvolutionBackwardData, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    throw .invalidOperation(operation: TransposedConvolutionBackwardData.name, reason: "not available on OpenCL yet")
  }

  public func workspaceByteCount(_ operation: TransposedConvolutionBackwardFilter) -> Int { 0 }

  public func prepare(_ operation: TransposedConvolutionBackwardFilter, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    throw .invalidOperation(operation: TransposedConvolutionBackwardFilter.name, reason: "not available on OpenCL yet")
  }
}
