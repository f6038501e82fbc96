import Runtime

extension CLBackend {
  public func workspaceByteCount(_ operation: BatchNormalizationForward) -> Int { 0 }
  public func prepare(_ operation: BatchNormalizationForward, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    throw .invalidOperation(operation: BatchNormalizationForward.name, reason: "not available on OpenCL yet")
  }

  public func workspaceByteCount(_ operation: BatchNormalizationBackward) -> Int { 0 }
  public func prepare(_ operation: BatchNormalizationBackward, workspace: DeviceMemory?) throws(BackendError)
    -> any Launch
  {
    throw .invalidOperation(operation: BatchNormalizationBackward.name, reason: "not available on OpenCL yet")
  }

  public func workspaceByteCount(_ operation: BinaryCrossEntropy) -> Int { 0 }
  public func prepare(_ operation: BinaryCrossEntropy, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    throw .invalidOperation(operation: BinaryCrossEntropy.name, reason: "not available on OpenCL yet")
  }

  public func workspaceByteCount(_ operation: L1Loss) -> Int { 0 }
  public func prepare(_ operation: L1Loss, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    throw .invalidOperation(operation: L1Loss.name, reason: "not available on OpenCL yet")
  }

  public func workspaceByteCount(_ operation: MeanSquaredError) -> Int { 0 }
  public func prepare(_ operation: MeanSquaredError, workspace: DeviceMemory?) throws(BackendError) -> any Launch {
    throw .invalidOperation(operation: MeanSquaredError.name, reason: "not available on OpenCL yet")
  }

  public func prepare(_ operation: Adam) throws(BackendError) -> any Launch {
    throw .invalidOperation(operation: Adam.name, reason: "not available on OpenCL yet")
  }

  public func prepare(_ operation: BatchGather) throws(BackendError) -> any Launch {
    throw .invalidOperation(operation: BatchGather.name, reason: "not available on OpenCL yet")
  }

  public func prepare(_ operation: BatchNormalizationInference) throws(BackendError) -> any Launch {
    throw .invalidOperation(operation: BatchNormalizationInference.name, reason: "not available on OpenCL yet")
  }

  public func prepare(_ operation: Concatenation) throws(BackendError) -> any Launch {
    throw .invalidOperation(operation: Concatenation.name, reason: "not available on OpenCL yet")
  }

  public func prepare(_ operation: Split) throws(BackendError) -> any Launch {
    throw .invalidOperation(operation: Split.name, reason: "not available on OpenCL yet")
  }

  public func prepare(_ operation: MaxPoolingForward) throws(BackendError) -> any Launch {
    throw .invalidOperation(operation: MaxPoolingForward.name, reason: "not available on OpenCL yet")
  }

  public func prepare(_ operation: MaxPoolingBackward) throws(BackendError) -> any Launch {
    throw .invalidOperation(operation: MaxPoolingBackward.name, reason: "not available on OpenCL yet")
  }

  public func prepare(_ operation: RandomFill) throws(BackendError) -> any Launch {
    throw .invalidOperation(operation: RandomFill.name, reason: "not available on OpenCL yet")
  }

  public func prepare(_ operation: UpsamplingForward) throws(BackendError) -> any Launch {
    throw .invalidOperation(operation: UpsamplingForward.name, reason: "not available on OpenCL yet")
  }

  public func prepare(_ operation: UpsamplingBackward) throws(BackendError) -> any Launch {
    throw .invalidOperation(operation: UpsamplingBackward.name, reason: "not available on OpenCL yet")
  }
}
