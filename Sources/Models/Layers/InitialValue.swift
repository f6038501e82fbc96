import Runtime

/// What a parameter holds before training.
public enum InitialValue {
  case constant(Float)
  case random(Distribution)

  /// PyTorch's default for convolutions: uniform within ± 1/√fanIn (Kaiming uniform with a = √5).
  static func uniform(fanIn: Int) -> InitialValue {
    let bound = 1 / Float(fanIn).squareRoot()
    return .random(.uniform(low: -bound, high: bound))
  }
}
