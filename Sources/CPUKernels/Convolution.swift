import Runtime

extension CPUBackend {
  public func workspaceByteCount(_ operation: ConvolutionForward) -> Int { 0 }

  public func prepare(_ operation: ConvolutionForward, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    throw Binding(operation).invalid("not on the CPU backend yet")
  }

  public func workspaceByteCount(_ operation: ConvolutionBackwardData) -> Int { 0 }

  public func prepare(_ operation: ConvolutionBackwardData, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    throw Binding(operation).invalid("not on the CPU backend yet")
  }

  public func workspaceByteCount(_ operation: ConvolutionBackwardFilter) -> Int { 0 }

  public func prepare(_ operation: ConvolutionBackwardFilter, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    throw Binding(operation).invalid("not on the CPU backend yet")
  }
}
