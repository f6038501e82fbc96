/// The numbers of the conditional DCGAN's recipe that are no options.
enum GANRecipe {
  /// Standard deviation of the initial weights (Radford, Metz and Chintala 2015).
  static let weightDeviation: Float = 0.02
  /// What the discriminator is told to say of a photograph: one-sided label smoothing (Salimans et al. 2016).
  static let realTarget: Float = 0.9
}
