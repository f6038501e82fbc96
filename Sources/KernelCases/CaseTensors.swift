import Runtime

/// Makes the tensors of one case and keeps what they hold at the start.
public struct CaseTensors {
  var random: RandomValues
  /// Contents before the operation.
  private(set) var inputs: [TensorValues] = []
  /// Give the operation's variables the values that the reference counts on.
  private(set) var variableSetters: [() -> Void] = []

  init(seed: String) { random = RandomValues(seed: seed) }

  /// A tensor that holds `values` when the operation starts.
  mutating func input(
    _ name: String, _ values: HostTensor, _ placement: Placement = .dense, _ elementType: ElementType = .float32
  ) -> Tensor {
    let tensor = placement.tensor(name, values.shape, elementType)
    inputs.append(TensorValues(tensor, values))
    return tensor
  }

  /// A variable that is `value` when the operation is launched, but something else while it is prepared.
  mutating func variable<Value>(_ value: Value, whilePrepared: Value) -> Variable<Value> {
    let variable = Variable(whilePrepared)
    variableSetters.append { variable.value = value }
    return variable
  }

  /// A tensor that holds nothing of use when the operation starts: the runner poisons it.
  func output(
    _ name: String, _ shape: Shape, _ placement: Placement = .dense, _ elementType: ElementType = .float32
  ) -> Tensor {
    placement.tensor(name, shape, elementType)
  }

  /// A tensor that the operation adds to where `old` is given, and overwrites where it is not.
  mutating func output(_ name: String, _ shape: Shape, _ placement: Placement = .dense, addingTo old: HostTensor?)
    -> Tensor
  {
    guard let old else { return output(name, shape, placement) }
    return input(name, old, placement)
  }
}
