/// A function applied to every element.
public enum Activation: Hashable, Sendable {
  /// `max(x, slope · x)`, slope in 0...1.
  case leakyReLU(slope: Float)
  case tanh
  case sigmoid
}
