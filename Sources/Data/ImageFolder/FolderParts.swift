import Files

/// The folders inside a folder of images that hold its parts: `train`, `val` and `test`, or other usual names of these.
public struct FolderParts: Equatable, Sendable {
  /// Name of the folder of training images.
  public let training: String
  /// Name of the folder of validation images; nil where there is none.
  public let validation: String?
  /// Name of the folder of test images; nil where there is none.
  public let test: String?

  private static let trainingNames = ["train", "training"]
  private static let validationNames = ["val", "valid", "validation"]
  private static let testNames = ["test", "testing"]

  public init(training: String, validation: String? = nil, test: String? = nil) {
    self.training = training
    self.validation = validation
    self.test = test
  }

  /// Finds the parts of `folder`, in capital letters too. Nil unless it holds a folder for training and one for
  /// validation or testing: a folder `train` alone may be a class.
  public init?(of folder: String) {
    let names = (try? Folder.names(in: folder)) ?? []
    func first(of usual: [String]) -> String? {
      for name in usual {
        // Small letters are sorted last, and are preferred.
        if let found = names.last(where: { $0.lowercased() == name && Folder.exists("\(folder)/\($0)") }) {
          return found
        }
      }
      return nil
    }
    guard let training = first(of: Self.trainingNames) else { return nil }
    self.init(
      training: training, validation: first(of: Self.validationNames), test: first(of: Self.testNames))
    if validation == nil, test == nil { return nil }
  }

  /// Returns the parts of `folder` as runs have them that do not record the folders of their images: `train` where
  /// there is also `test`.
  public static func unrecorded(in folder: String) -> FolderParts? {
    guard Folder.exists("\(folder)/train"), Folder.exists("\(folder)/test") else { return nil }
    return FolderParts(training: "train", test: "test")
  }

  /// The folder of images to measure on: that of the test images, else that of the validation images.
  public var measured: String? { test ?? validation }
}
