import Runtime

extension CPUBackend {
  public func workspaceByteCount(_ operation: L1Loss) -> Int { 0 }

  public func prepare(_ operation: L1Loss, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    throw Binding(operation).invalid("not on the CPU backend yet")
  }
}
