/// Which images of a training set are for training and which for validation.
public struct TrainingSplit: Sendable, Equatable {
  /// Numbers of the images to train on, in ascending order.
  public let training: [UInt32]
  /// Numbers of the images to validate on, in ascending order; none is in `training`.
  public let validation: [UInt32]

  /// Splits `count` images by seed.
  ///
  /// Without `trainingCount`, the validation images are drawn from all, one in five unless `validationCount` says
  /// otherwise, and the rest are for training. With it, the first so many are for training, and the validation images
  /// are drawn from those after them: a quarter as many unless `validationCount` says otherwise, or as many as are left.
  public init(count: Int, trainingCount: Int? = nil, validationCount: Int? = nil, seed: UInt64) throws(DataError) {
    if let trainingCount, trainingCount < 1 || trainingCount > count {
      throw .imageCount("--train-images \(trainingCount): the training files hold \(count) images")
    }
    let first = trainingCount ?? 0
    let candidates = count - first
    let wanted = validationCount ?? trainingCount.map { min($0 / 4, count - $0) } ?? count / 5
    guard wanted >= 0, wanted <= candidates, trainingCount != nil || wanted < count else {
      throw .imageCount(
        "--validation-images \(wanted): of the \(count) images in the training files, \(candidates) are left for it"
          + (trainingCount == nil ? ", and one at least must be trained on" : ""))
    }
    let order = Shuffle.splitOrder(count: candidates, seed: seed).map { $0 + UInt32(first) }
    validation = order[..<wanted].sorted()
    training = trainingCount == nil ? order[wanted...].sorted() : Array(0..<UInt32(first))
  }
}
