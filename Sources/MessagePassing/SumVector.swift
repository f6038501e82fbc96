/// Values of a sum over ranks in memory of their own, which a sum that is under way keeps.
public final class SumVector {
  public let values: UnsafeMutableBufferPointer<Float>

  public init(_ values: some Collection<Float>) {
    self.values = .allocate(capacity: values.count)
    _ = self.values.initialize(from: values)
  }

  deinit { values.deallocate() }
}
