import ArgumentParser
import Data
import Files
import FoundationEssentials
import Models

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
    // Absolute, because a run may be resumed from another working directory. A relative URL would lose a leading `..`.
    default: self = .folder(URL(filePath: Self.absolute(argument)).standardized.path)
    }
  }

  /// Returns an absolute path. A working directory whose name is no UTF-8 is no `URL`.
  private static func absolute(_ path: String) -> String {
    path.hasPrefix("/") ? path : "\(Folder.realPath(".") ?? ".")/\(path)"
  }

  /// A part of a source.
  enum Part {
    case training, test
  }

  /// Reads the images of one part.
  ///
  /// The training part of a folder of images that has `FolderParts` is its training images, followed by the validation
  /// images if it has a folder of these. Other folders of images have all their images in both parts.
  /// - Parameters:
  ///   - size: Width and height to which the images of a folder are resized. CIFAR's images are always 32 × 32.
  ///   - crop: The parts of each photograph of a folder that become images of its training part; those of the run,
  ///     where there is one. Test images are the central parts.
  ///   - toned: Whether gray and toned images of a folder of images are left out.
  ///   - run: The run whose images they are; it decides which folders they are in. Nil for those of a new run.
  /// - Throws: `DataError`.
  func load(
    _ part: Part, size: Int, crop: Crop = .center, toned: TonedImages = .keep, ofRun run: RunConfiguration? = nil
  ) throws(DataError) -> ImageDataset {
    switch self {
    case .scenes:
      return try Scenes.dataset(part == .training ? .training : .test, width: size, height: size)
    case .cifar10:
      guard let folder = CIFAR10.standardFolder(environment: Environment.paths) else {
        throw .notCIFAR10(folder: ".")
      }
      return try cifar10(part, in: folder)
    case .cifar100:
      guard let folder = CIFAR100.standardFolder(environment: Environment.paths) else {
        throw .notCIFAR100(folder: ".")
      }
      return try cifar100(part, in: folder)
    case .folder(let folder):
      if Self.holdsCIFAR10(folder) { return try cifar10(part, in: folder) }
      if Self.holdsCIFAR100(folder) { return try cifar100(part, in: folder) }
      let crop = part == .training ? run?.usedCrop ?? crop : .center
      if part == .training, let parts = parts(ofRun: run), let validation = parts.validation {
        return try ImageFolderReport.load(
          folder, parts: [parts.training, validation], size: size, crop: crop, toned: toned)
      }
      return try ImageFolderReport.load(try imageFolder(folder, part, ofRun: run), size: size, crop: crop, toned: toned)
    }
  }

  /// Returns the folders of the parts of a folder of images; nil where it has none, and for other sources.
  /// - Parameter run: The run whose images they are; nil for a new run.
  func parts(ofRun run: RunConfiguration? = nil) -> FolderParts? {
    guard case .folder(let folder) = self, !Self.holdsCIFAR10(folder), !Self.holdsCIFAR100(folder) else { return nil }
    guard let run else { return FolderParts(of: folder) }
    return run.folders?.parts ?? FolderParts.unrecorded(in: folder)
  }

  /// Returns the folder of the images of one part; nil where the source is no folder of images.
  /// - Throws: `DataError` where there is no such folder.
  func imageFolder(_ part: Part) throws(DataError) -> String? {
    guard case .folder(let folder) = self, !Self.holdsCIFAR10(folder), !Self.holdsCIFAR100(folder) else { return nil }
    return try imageFolder(folder, part)
  }

  private func imageFolder(
    _ folder: String, _ part: Part, ofRun run: RunConfiguration? = nil
  ) throws(DataError) -> String {
    let problem =
      Folder.holdsFile(folder)
      ? "it is a file" : !Folder.exists(folder) ? "no such folder" : RunPlace.isRun(folder) ? "it is a run" : nil
    if let problem {
      throw .file(
        FileError(
          path: folder, problem: "cannot be read",
          reason: "\(problem); --data takes cifar10, cifar100, scenes or a folder of photographs"))
    }
    guard let parts = parts(ofRun: run) else { return folder }
    return "\(folder)/\(part == .training ? parts.training : parts.measured ?? parts.training)"
  }

  /// Whether the test part has other images than the training part.
  var hasTestPart: Bool {
    guard case .folder(let folder) = self, !Self.holdsCIFAR10(folder), !Self.holdsCIFAR100(folder) else { return true }
    return parts() != nil
  }

  private func cifar10(_ part: Part, in folder: String) throws(DataError) -> ImageDataset {
    try CIFAR10.load(part == .training ? .training : .test, from: folder)
  }

  private func cifar100(_ part: Part, in folder: String) throws(DataError) -> ImageDataset {
    try CIFAR100.load(part == .training ? .training : .test, from: folder)
  }

  /// The folder of a data set in a standard folder, for finding it again from another working folder; nil for other
  /// sources.
  /// - Parameter dataset: What was loaded from this source.
  func place(of dataset: ImageDataset) -> String? {
    switch self {
    case .cifar10, .cifar100: URL(filePath: dataset.source).absoluteURL.standardized.path
    case .scenes, .folder: nil
    }
  }

  /// Returns the source in the folder where it was found before; itself where that does not hold it any more.
  func found(in place: String?) -> DataSource {
    guard let place else { return self }
    return switch self {
    case .cifar10 where Self.holdsCIFAR10(place), .cifar100 where Self.holdsCIFAR100(place): .folder(place)
    default: self
    }
  }

  private static func holdsCIFAR10(_ folder: String) -> Bool { (try? CIFAR10.batchFolder(in: folder)) != nil }

  private static func holdsCIFAR100(_ folder: String) -> Bool { (try? CIFAR100.batchFolder(in: folder)) != nil }
}

extension ImageDataset {
  /// Throws where `--size` asks for another size than that of images that cannot be resized.
  func requireSize(_ size: Int?) throws(RunError) {
    guard let size, width != size else { return }
    throw .invalidOption("--size \(size): the photographs of \(name) are \(width)×\(height)")
  }
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
