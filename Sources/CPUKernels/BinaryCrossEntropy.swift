import Runtime

extension CPUBackend {
  public func workspaceByteCount(_ operation: BinaryCrossEntropy) -> Int { 0 }

  public func prepare(_ operation: BinaryCrossEntropy, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    throw Binding(operation).invalid("not on the CPU backend yet")
  }
}
