import Runtime

extension CPUBackend {
  public func workspaceByteCount(_ operation: MeanSquaredError) -> Int { 0 }

  public func prepare(_ operation: MeanSquaredError, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    throw Binding(operation).invalid("not on the CPU backend yet")
  }
}
