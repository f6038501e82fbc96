/// Which shapes to run.
public enum CaseSize: Hashable, Sendable {
  /// Every operation, pass and variant at a few pixels, for tools that run a kernel a thousand times slower.
  case smallest
  /// Shapes that fit no tile: odd sides, 1, 3 and 17 channels, slices, single pixels.
  case awkward
  /// The shapes of a training step at 32×32, of the U-Net and of the discriminator, whose first levels have `width`
  /// channels.
  case trainingStep(width: Int, batch: Int)
}
