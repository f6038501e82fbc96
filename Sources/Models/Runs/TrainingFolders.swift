import Data

/// The folders of a folder of images that a run trains and validates on.
public struct TrainingFolders: Codable, Equatable, Sendable {
  /// Name of the folder of training images.
  public let training: String
  /// Name of the folder of validation images; nil where they are drawn from the training images.
  public let validation: String?
  /// Number of images in the folder of validation images, which follow the others in the data set.
  public let validationImages: Int?

  /// - Parameter dataset: The images of these parts.
  public init(_ parts: FolderParts, of dataset: ImageDataset) {
    training = parts.training
    validation = parts.validation
    validationImages = dataset.heldOutCount
  }

  /// The parts as they were when the run started.
  public var parts: FolderParts { FolderParts(training: training, validation: validation) }
}
