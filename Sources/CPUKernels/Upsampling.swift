import Runtime

extension CPUBackend {
  public func prepare(_ operation: UpsamplingForward) throws(BackendError) -> any Launch {
    throw Binding(operation).invalid("not on the CPU backend yet")
  }

  public func prepare(_ operation: UpsamplingBackward) throws(BackendError) -> any Launch {
    throw Binding(operation).invalid("not on the CPU backend yet")
  }
}
