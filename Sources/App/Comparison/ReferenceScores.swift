import Data
import Imaging

/// What models' figures are held against, on the same photographs.
struct ReferenceScores {
  /// Of the gray copies: what a model must pass.
  let grayCopy: [ImageScores]
  /// Of the photographs against themselves: their colorfulness is the one to reach.
  let truth: [ImageScores]

  init(_ dataset: ImageDataset) {
    let scorer = ImageScorer(width: dataset.width, height: dataset.height)
    grayCopy = scorer.grayCopyScores(photographs: dataset.bytes)
    truth = scorer.photographScores(dataset.bytes)
  }
}
