import ArgumentParser
import Data
import Files
import FoundationEssentials

/// What `--data` names.
enum DataSource: Hashable, ExpressibleByArgument {
  case scenes
  /// CIFAR-10 in its standard place.
  case cifar10
  /// CIFAR-100 in its standard place.
  case cifar100
  /// A folder with the binary files of CIFAR-10 or CIFAR-100, or with images.
  case folder(String)

  init(argument: String) {
    switch argument {
    case "scenes": self = .scenes
    case "cifar10": self = .cifar10
    case "cifar100": self = .cifar100
    // A run is gone on with from any folder.
    default: self = .folder(URL(filePath: argument).standardized.path)
    }
  }

  /// Which half of a source: to learn from, or to measure on.
  enum Part {
    case training, test
  }

  /// Reads the images of one part.
  ///
  /// A folder of images may hold a folder `train` and a folder `test`; unless it holds both, all its images are in both
  /// parts.
  /// - Parameter size: width and height that images are brought to; CIFAR-10 and CIFAR-100 have only 32.
  /// - Throws: `DataError`.
  func load(_ part: Part, size: Int) throws(DataError) -> ImageDataset {
    switch self {
    case .scenes:
      return try Scenes.dataset(part == .training ? .training : .test, width: size, height: size)
    case .cifar10:
      guard let folder = CIFAR10.standardFolder(environment: ProcessInfo.processInfo.environment) else {
        throw .notCIFAR10(folder: ".")
      }
      return try cifar10(part, in: folder)
    case .cifar100:
      guard let folder = CIFAR100.standardFolder(environment: ProcessInfo.processInfo.environment) else {
        throw .notCIFAR100(folder: ".")
      }
      return try cifar100(part, in: folder)
    case .folder(let folder):
      guard Folder.exists(folder) else {
        throw .file(
          FileError(
            path: folder, problem: "cannot be read",
            reason: "no such folder; --data takes cifar10, cifar100, scenes or a folder"))
      }
      if Self.holdsCIFAR10(folder) { return try cifar10(part, in: folder) }
      if Self.holdsCIFAR100(folder) { return try cifar100(part, in: folder) }
      let inside = hasTestPart ? "\(folder)/\(part == .training ? "train" : "test")" : folder
      return try ImageFolderReport.load(inside, size: size)
    }
  }

  /// Whether the images to measure on are others than those to learn from.
  var hasTestPart: Bool {
    guard case .folder(let folder) = self, !Self.holdsCIFAR10(folder), !Self.holdsCIFAR100(folder) else { return true }
    return Folder.exists("\(folder)/train") && Folder.exists("\(folder)/test")
  }

  private func cifar10(_ part: Part, in folder: String) throws(DataError) -> ImageDataset {
    try CIFAR10.load(part == .training ? .training : .test, from: folder)
  }

  private func cifar100(_ part: Part, in folder: String) throws(DataError) -> ImageDataset {
    try CIFAR100.load(part == .training ? .training : .test, from: folder)
  }

  private static func holdsCIFAR10(_ folder: String) -> Bool { (try? CIFAR10.batchFolder(in: folder)) != nil }

  private static func holdsCIFAR100(_ folder: String) -> Bool { (try? CIFAR100.batchFolder(in: folder)) != nil }
}

extension DataSource: CustomStringConvertible {
  var description: String {
    switch self {
    case .scenes: "scenes"
    case .cifar10: "cifar10"
    case .cifar100: "cifar100"
    case .folder(let path): path
    }
  }
}
