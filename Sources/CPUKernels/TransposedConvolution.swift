import Runtime

extension CPUBackend {
  public func workspaceByteCount(_ operation: TransposedConvolutionForward) -> Int { 0 }

  public func prepare(_ operation: TransposedConvolutionForward, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    throw Binding(operation).invalid("not on the CPU backend yet")
  }

  public func workspaceByteCount(_ operation: TransposedConvolutionBackwardData) -> Int { 0 }

  public func prepare(_ operation: TransposedConvolutionBackwardData, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    throw Binding(operation).invalid("not on the CPU backend yet")
  }

  public func workspaceByteCount(_ operation: TransposedConvolutionBackwardFilter) -> Int { 0 }

  public func prepare(_ operation: TransposedConvolutionBackwardFilter, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    throw Binding(operation).invalid("not on the CPU backend yet")
  }
}
