/// A number that the host changes between steps and an operation reads each time it is launched: the learning rate, the
/// step, the first image of a batch. Everything else about an operation is fixed when it is prepared.
public final class Variable<Value: BitwiseCopyable> {
  public var value: Value
  public init(_ value: Value) { self.value = value }
}
