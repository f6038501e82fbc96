import ArgumentParser
import Data
import Files
import FoundationEssentials

/// A value of `--data`: a source of images.
enum DataSource: Hashable, ExpressibleByArgument {
  case scenes
  /// CIFAR-10 in its standard folder.
  case cifar10
  /// CIFAR-100 in its standard folder.
  case cifar100
  /// A folder with the binary files of CIFAR-10 or CIFAR-100, or with images.
  case folder(String)

  init(argument: String) {
    switch argument {
    case "scenes": self = .scenes
    case "cifar10": self = .cifar10
    case "cifar100": self = .cifar100
    // Absolute, because a run may be resumed from another working directory.
    default: self = .folder(URL(filePath: argument).standardized.path)
    }
  }

  /// A part of a source.
  enum Part {
    case training, test
  }

  /// Reads the images of one part.
  ///
  /// A folder of images may hold a folder `train` and a folder `test`; unless it holds both, all its images are in both
  /// parts.
  /// - Parameter size: Width and height to which the images of a folder are resized. CIFAR's images are always 32 × 32.
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

  /// Whether the test part has other images than the training part.
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

extension DataSource {
  /// Completes to names of data sets and to folders.
  static var defaultCompletionKind: CompletionKind {
    .custom { _, _, prefix in
      let parent = prefix.lastIndex(of: "/").map { String(prefix[...$0]) } ?? ""
      let names = (try? Folder.names(in: parent.isEmpty ? "." : parent)) ?? []
      return ["scenes", "cifar10", "cifar100"]
        + names.filter { !$0.hasPrefix(".") && Folder.exists(parent + $0) }.map { "\(parent)\($0)/" }
    }
  }
}

/// The reading of a folder of images, with a display of its progress and remarks about images that are left out.
enum ImageFolderReport {
  /// Largest number of images that are named one by one.
  private static let namedCount = 10

  /// - Parameter size: Width and height to which the images are resized.
  static func load(_ folder: String, size: Int) throws(DataError) -> ImageDataset {
    let display = ProgressDisplay()
    defer { display.clear() }
    let contents = try ImageFolder.load(folder, width: size, height: size) { display.update(line($0)) }
    display.clear()
    let unreadable = contents.unreadable
    for image in unreadable.prefix(namedCount) { Console.note("\(image.reason); left out") }
    if !unreadable.isEmpty {
      let others = unreadable.count - namedCount
      let total = Format.count(unreadable.count + contents.dataset.count)
      Console.note(
        "\(folder): \(Format.count(unreadable.count)) of \(total) images "
          + "are left out, for they cannot be read" + (others > 0 ? "; \(Format.count(others)) are not named here" : "")
      )
    }
    return contents.dataset
  }

  private static func line(_ progress: ImageFolder.Progress) -> String {
    switch progress {
    case .comparing(let done, let total):
      "looking for changes: \(Format.count(done)) of \(Format.count(total)) images"
    case .decoding(let done, let total): "decoding: \(Format.count(done)) of \(Format.count(total)) images"
    }
  }
}
