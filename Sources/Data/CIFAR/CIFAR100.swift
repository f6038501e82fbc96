import Files

/// The images of CIFAR-100 in their binary version: `CIFARRecords` of two label bytes, one of 20 superclasses and one
/// of 100 classes. The latter are the data set's labels.
public enum CIFAR100 {
  public enum Part: String, Sendable, CaseIterable {
    case training
    case test

    /// Name of the part's file.
    public var fileName: String { self == .training ? "train.bin" : "test.bin" }
  }

  /// Name of the folder in the published archive.
  public static let folderName = "cifar-100-binary"

  /// Width and height of every image in pixels.
  public static let imageSize = CIFARRecords.imageSize

  /// Name of the file with the names of the classes, one per line.
  static let classNamesFile = "fine_label_names.txt"

  private static let records = CIFARRecords(
    classCounts: [20, 100], remedy: "`recolor data fetch cifar100` downloads it again")

  /// Returns the folder that holds the files: `folder` itself, or `cifar-100-binary` inside it.
  ///
  /// Files of other data may be named `train.bin` and `test.bin`: a folder of another name than the published one must
  /// hold the names of the classes too.
  public static func batchFolder(in folder: String) throws(DataError) -> String {
    let inside = "\(folder)/\(folderName)"
    if Part.allCases.contains(where: { Folder.holdsFile("\(inside)/\($0.fileName)") }) { return inside }
    let isNamed = folder.split(separator: "/").last.map(String.init) == folderName
    if isNamed || Folder.holdsFile("\(folder)/\(classNamesFile)"),
      Part.allCases.contains(where: { Folder.holdsFile("\(folder)/\($0.fileName)") })
    {
      return folder
    }
    throw .notCIFAR100(folder: folder)
  }

  /// Returns the folder to use by default: that of the environment variable RECOLOR_CIFAR100, or else the first of the
  /// working folder, its `data`, and the folder of the user's data that holds CIFAR-100. Nil where there is none.
  public static func standardFolder(environment: [String: String]) -> String? {
    CIFARRecords.standardFolder("RECOLOR_CIFAR100", environment: environment) { (try? batchFolder(in: $0)) != nil }
  }

  /// Reads one part of the data set from `folder`, which holds the files or the folder of them. A file may hold any
  /// number of whole records. Without `fine_label_names.txt` the classes have no names.
  /// - Parameter limit: Number of images to read, in file order, by default all. The file must hold whole records even
  ///   so.
  public static func load(_ part: Part, from folder: String, limit: Int? = nil) throws(DataError) -> ImageDataset {
    let batchFolder = try batchFolder(in: folder)
    let (bytes, labels) = try records.read(["\(batchFolder)/\(part.fileName)"], limit: limit)
    return ImageDataset(
      name: "CIFAR-100 \(part.rawValue)", source: batchFolder, width: imageSize, height: imageSize, bytes: bytes,
      labels: labels, classNames: try classNames(in: batchFolder))
  }

  private static func classNames(in folder: String) throws(DataError) -> [String] {
    let path = "\(folder)/\(classNamesFile)"
    guard Folder.holdsFile(path) else { return [] }
    let text = try withDataErrors { () throws(FileError) in
      try readOrdinaryText(path, limit: 1 << 16)
    }
    let names = text.split(whereSeparator: \.isNewline).map(String.init)
    guard names.count == records.classCounts.last else {
      throw .file(FileError(path: path, problem: "cannot be used", reason: "it has \(names.count) names, not 100"))
    }
    return names
  }
}
