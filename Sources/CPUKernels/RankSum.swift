import MessagePassing
import Runtime

extension CPUBackend {
  /// Plans the start of a sum in the tensor's own memory, which is left alone until its end.
  public func plan(_ operation: RankSumStart) -> PlannedOperation {
    let sum = operation.sum
    return PlannedOperation(operation.title) { binding throws(BackendError) in
      let values = UnsafeMutableBufferPointer(start: try binding.vector(sum.values), count: sum.values.shape.count)
      let memory = sum.values.storage.memory
      return { sum.underway = sum.ranks.startSum(of: values, keeping: memory) }
    }
  }

  public func plan(_ operation: RankSumEnd) -> PlannedOperation {
    let sum = operation.sum
    return PlannedOperation(operation.title) { binding throws(BackendError) in
      _ = try binding.vector(sum.values)
      return { () throws(BackendError) in
        guard let underway = sum.underway as? Communicator.Sum else {
          throw .invalidOperation(operation: RankSumEnd.name, reason: "the sum was not started")
        }
        sum.underway = nil
        do throws(MessagePassingError) { try sum.ranks.wait(for: underway) } catch { throw .messages(error) }
      }
    }
  }
}
