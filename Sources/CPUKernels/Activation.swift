import Runtime

extension CPUBackend {
  public func prepare(_ operation: ActivationForward) throws(BackendError) -> any Launch {
    throw Binding(operation).invalid("not on the CPU backend yet")
  }

  public func prepare(_ operation: ActivationBackward) throws(BackendError) -> any Launch {
    throw Binding(operation).invalid("not on the CPU backend yet")
  }
}
