import Runtime

extension CPUBackend {
  public func prepare(_ operation: Concatenation) throws(BackendError) -> any Launch {
    throw Binding(operation).invalid("not on the CPU backend yet")
  }

  public func prepare(_ operation: Split) throws(BackendError) -> any Launch {
    throw Binding(operation).invalid("not on the CPU backend yet")
  }
}
