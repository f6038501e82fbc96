import Files

/// The images of CIFAR-10 in their binary version: `CIFARRecords` of one label byte.
public enum CIFAR10 {
  public enum Part: String, Sendable, CaseIterable {
    case training
    case test

    /// Names of the part's files, in order.
    public var fileNames: [String] {
      switch self {
      case .training: (1...5).map { "data_batch_\($0).bin" }
      case .test: ["test_batch.bin"]
      }
    }
  }

  /// Names of the labels 0...9.
  public static let classNames = [
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck",
  ]

  /// Name of the folder in the published archive.
  public static let folderName = "cifar-10-batches-bin"

  /// Width and height of every image in pixels.
  public static let imageSize = CIFARRecords.imageSize

  private static let records = CIFARRecords(
    classCounts: [classNames.count], remedy: "`recolor data fetch` downloads it again")

  /// Returns the folder that holds the batch files: `folder` itself, or `cifar-10-batches-bin` inside it.
  public static func batchFolder(in folder: String) throws(DataError) -> String {
    for candidate in [folder, "\(folder)/\(folderName)"]
    where Part.allCases.contains(where: { $0.fileNames.contains { Folder.holdsFile("\(candidate)/\($0)") } }) {
      return candidate
    }
    throw .notCIFAR10(folder: folder)
  }

  /// Returns the folder to use by default: that of the environment variable RECOLOR_CIFAR10, or else the first of the
  /// working folder, its `data`, and the folder of the user's data that holds CIFAR-10. Nil where there is none.
  public static func standardFolder(environment: [String: String]) -> String? {
    CIFARRecords.standardFolder("RECOLOR_CIFAR10", environment: environment) { (try? batchFolder(in: $0)) != nil }
  }

  /// Reads one part of the data set from `folder`, which holds the batch files or the folder of them. A file may hold
  /// any number of whole records.
  /// - Parameter limit: Number of images to read, in file order, by default all. Every file must exist and hold whole
  ///   records even so.
  public static func load(_ part: Part, from folder: String, limit: Int? = nil) throws(DataError) -> ImageDataset {
    let batchFolder = try batchFolder(in: folder)
    let (bytes, labels) = try records.read(part.fileNames.map { "\(batchFolder)/\($0)" }, limit: limit)
    return ImageDataset(
      name: "CIFAR-10 \(part.rawValue)", source: batchFolder, width: imageSize, height: imageSize, bytes: bytes,
      labels: labels, classNames: classNames)
  }
}
