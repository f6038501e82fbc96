import Data
import Imaging

/// The reading of a folder of images, with a display of its progress and remarks about images that are left out.
enum ImageFolderReport {
  /// Largest number of images that are named one by one.
  private static let namedCount = 10

  /// Reads the images of a folder.
  /// - Parameters:
  ///   - parts: Names of folders in it whose images are read, one folder after the other; nil for all images.
  ///   - size: Width and height to which the images are resized.
  ///   - crop: The parts of each photograph that become images.
  ///   - toned: Whether gray and toned images are left out.
  static func load(
    _ folder: String, parts: [String]? = nil, size: Int, crop: Crop, toned: TonedImages
  ) throws(DataError) -> ImageDataset {
    let contents = try read(folder, parts: parts, size: size, crop: crop, toned: toned)
    note(contents, of: folder)
    return contents.dataset
  }

  /// Reads the images of a folder, without remarks.
  static func read(
    _ folder: String, parts: [String]? = nil, size: Int, crop: Crop = .center, toned: TonedImages
  ) throws(DataError) -> ImageFolder.Contents {
    let display = ProgressDisplay()
    defer { display.clear() }
    return try ImageFolder.load(folder, parts: parts, width: size, height: size, crop: crop, toned: toned) {
      display.update(line($0))
    }
  }

  /// Writes which folder inside a folder of images is used for what.
  /// - Parameter dataset: The images for training and validation.
  static func note(_ parts: FolderParts, of folder: String, _ dataset: ImageDataset) {
    let trainingCount = dataset.photographCount - (dataset.heldOutCount ?? 0)
    let validation = parts.validation.map { "validating on \($0) (\(Format.count(dataset.heldOutCount ?? 0)))" }
    Console.note(
      "\(folder): training on \(parts.training) (\(Format.counted(trainingCount, "photograph"))), "
        + (validation ?? "some of them held out for validation")
        + (parts.test.map { "; \($0) is left for evaluate and compare" } ?? ""))
  }

  /// Writes remarks about the images that are left out.
  static func note(_ contents: ImageFolder.Contents, of folder: String) {
    let readableCount = contents.tonedCount + contents.dataset.photographCount
    noteUnreadable(contents.unreadable.map(\.reason), of: contents.unreadable.count + readableCount, in: folder)
    noteToned(contents.tonedCount, of: readableCount, in: folder)
    notePassedOver(contents.passedOver, in: folder)
  }

  /// Counts pictures that are left out because they are of formats that are not read.
  static func notePassedOver(_ pictures: PassedOverPictures, in folder: String) {
    if !pictures.isEmpty { Console.warning(pictures.remark(about: folder)) }
  }

  /// Names images that are left out because they cannot be read, and counts them.
  /// - Parameters:
  ///   - reasons: One line for each, which names it.
  ///   - total: Number of all images.
  static func noteUnreadable(_ reasons: [String], of total: Int, in folder: String) {
    for reason in reasons.prefix(namedCount) { Console.warning("\(reason); left out") }
    guard !reasons.isEmpty else { return }
    let others = reasons.count - namedCount
    Console.warning(
      "\(folder): unreadable images left out: \(Format.count(reasons.count)) of \(Format.count(total))"
        + (others > 0 ? "; \(Format.count(others)) are not named here" : ""))
  }

  /// Counts images that are left out because they are gray or toned.
  /// - Parameter total: Number of all images that can be read.
  static func noteToned(_ count: Int, of total: Int, in folder: String) {
    guard count > 0 else { return }
    Console.warning(
      "\(folder): gray or toned images left out: \(Format.count(count)) of \(Format.count(total)); "
        + "--toned keep keeps them")
  }

  private static func line(_ progress: ImageFolder.Progress) -> String {
    switch progress {
    case .comparing(let done, let total):
      "looking for changes: \(Format.count(done)) of \(Format.count(total)) images"
    case .decoding(let done, let total): "decoding: \(Format.count(done)) of \(Format.count(total)) images"
    }
  }
}
