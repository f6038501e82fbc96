import Runtime

/// The losses' sums on the device, added to by every step and read every now and then.
final class LossSums {
  /// One element a loss.
  let tensor: Tensor
  private let backend: any Backend
  private let reset: any Launch

  /// - Parameter names: what each loss is called.
  init(_ names: [String], on backend: any Backend) throws(BackendError) {
    self.backend = backend
    tensor = Tensor("losses", Shape(vector: names.count))
    tensor.storage.memory = try backend.allocate(byteCount: tensor.storage.byteCount)
    reset = try backend.launch(Fill(output: tensor, value: 0))
    try reset.run()
  }

  /// Waits for the device, and returns the sums since the last reset.
  func read() throws(BackendError) -> [Float] { try backend.floats(of: tensor) }

  /// Starts again from zero.
  func clear() throws(BackendError) { try reset.run() }

  /// Goes on from sums that were read before.
  func restore(_ sums: [Float]) throws(BackendError) { try backend.upload(sums, to: tensor) }
}
