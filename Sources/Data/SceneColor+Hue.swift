extension SceneColor {
  /// The strongest color of a hue (0...1: red, yellow, green, cyan, blue, magenta, red) whose mean of red, green and
  /// blue is `mean`: darker than the pure hue, or mixed with white. The gray picture then tells nothing of the hue.
  init(hue: Float, mean: Float) {
    func channel(_ shift: Float) -> Float {
      let position = (hue + shift) - (hue + shift).rounded(.down)
      return Swift.max(0, Swift.min(1, abs(6 * position - 3) - 1))
    }
    let pure = SceneColor(channel(0), channel(2.0 / 3), channel(1.0 / 3))
    let pureMean = pure.sum() / 3
    self =
      mean <= pureMean
      ? pure * (mean / pureMean) : pure + (SceneColor(repeating: 1) - pure) * ((mean - pureMean) / (1 - pureMean))
  }

  /// Part `fraction` of the way to `other`.
  func mixed(with other: SceneColor, _ fraction: Float) -> SceneColor {
    self + (other - self) * Swift.max(0, Swift.min(1, fraction))
  }
}
