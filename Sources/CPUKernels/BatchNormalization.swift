import Runtime

extension CPUBackend {
  public func workspaceByteCount(_ operation: BatchNormalizationForward) -> Int { 0 }

  public func prepare(_ operation: BatchNormalizationForward, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    throw Binding(operation).invalid("not on the CPU backend yet")
  }

  public func prepare(_ operation: BatchNormalizationInference) throws(BackendError) -> any Launch {
    throw Binding(operation).invalid("not on the CPU backend yet")
  }

  public func workspaceByteCount(_ operation: BatchNormalizationBackward) -> Int { 0 }

  public func prepare(_ operation: BatchNormalizationBackward, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    throw Binding(operation).invalid("not on the CPU backend yet")
  }
}
