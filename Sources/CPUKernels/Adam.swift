import Runtime

extension CPUBackend {
  public func prepare(_ operation: Adam) throws(BackendError) -> any Launch {
    throw Binding(operation).invalid("not on the CPU backend yet")
  }
}
