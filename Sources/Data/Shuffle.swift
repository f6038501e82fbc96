import Runtime

/// The random orders of a training run. Each is a function of the run's seed alone, so that a run that is resumed, on
/// any device, continues with the same batches.
public enum Shuffle {
  /// Random streams of this type; their upper halves distinguish them from the streams of initial weights.
  private static let epochStream: UInt64 = 0x7368_7566 << 32
  private static let splitStream: UInt64 = 0x7370_6C74 << 32
  private static let flipStream: UInt64 = 0x666C_6970 << 32

  /// Returns `indices` in the order of epoch number `epoch`.
  public static func order(of indices: [UInt32], epoch: Int, seed: UInt64) -> [UInt32] {
    var random = Philox(seed: seed, stream: epochStream | UInt64(UInt32(truncatingIfNeeded: epoch)))
    return random.nextPermutation(of: indices.count).map { indices[Int($0)] }
  }

  /// Returns whether each image of an order is flipped horizontally in epoch number `epoch`: with probability 1/2,
  /// drawn one after the other.
  public static func horizontalFlips(count: Int, epoch: Int, seed: UInt64) -> [Bool] {
    var random = Philox(seed: seed, stream: flipStream | UInt64(UInt32(truncatingIfNeeded: epoch)))
    return (0..<count).map { _ in random.nextWord() & 1 == 1 }
  }

  /// Returns the numbers 0..<count in the order from which training and validation images are taken.
  static func splitOrder(count: Int, seed: UInt64) -> [UInt32] {
    var random = Philox(seed: seed, stream: splitStream)
    return random.nextPermutation(of: count)
  }
}

/// The division of a training set into images for training and images for validation.
public struct TrainingSplit: Sendable, Equatable {
  /// Numbers of the images to train on, in ascending order.
  public let training: [UInt32]
  /// Numbers of the images to validate on, in ascending order; none is in `training`.
  public let validation: [UInt32]

  /// Splits `count` images by seed.
  ///
  /// Without `trainingCount`, `validationCount` images, by default a fifth, are drawn from all for validation, and the
  /// rest are for training. With it, the first `trainingCount` images are for training, and the validation images are
  /// drawn from those after them: by default a quarter as many, or as many as are left.
  /// - Throws: `DataError.imageCount` where there are too few images.
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

  /// Splits `count` images, of which the last `heldOutCount` are for validation alone.
  ///
  /// With `trainingCount`, the first that many of the others are for training, else all of them; with `validationCount`,
  /// that many of the held out ones, drawn by seed, are for validation, else all of them.
  /// - Throws: `DataError.imageCount` where there are too few images.
  public init(
    count: Int, heldOutCount: Int, trainingCount: Int? = nil, validationCount: Int? = nil, seed: UInt64
  ) throws(DataError) {
    guard (0..<count).contains(heldOutCount) else {
      throw .imageCount("\(heldOutCount) images for validation of \(count) in all leave none to train on")
    }
    let available = count - heldOutCount
    if let trainingCount, trainingCount < 1 || trainingCount > available {
      throw .imageCount("--train-images \(trainingCount): the folder of training images holds \(available)")
    }
    if let validationCount, validationCount < 0 || validationCount > heldOutCount {
      throw .imageCount("--validation-images \(validationCount): the folder of validation images holds \(heldOutCount)")
    }
    let order = Shuffle.splitOrder(count: heldOutCount, seed: seed).map { $0 + UInt32(available) }
    validation = order.prefix(validationCount ?? heldOutCount).sorted()
    training = Array(0..<UInt32(trainingCount ?? available))
  }
}
