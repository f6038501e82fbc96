import Runtime

extension CPUBackend {
  public func prepare(_ operation: MaxPoolingForward) throws(BackendError) -> any Launch {
    throw Binding(operation).invalid("not on the CPU backend yet")
  }

  public func prepare(_ operation: MaxPoolingBackward) throws(BackendError) -> any Launch {
    throw Binding(operation).invalid("not on the CPU backend yet")
  }
}
