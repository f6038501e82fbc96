import Data

/// Reads a folder of images, and says what happens meanwhile and what is left out.
enum ImageFolderReport {
  /// Most images that are named one by one.
  private static let namedCount = 10

  /// - Parameter size: width and height that the images are brought to.
  static func load(_ folder: String, size: Int) throws(DataError) -> ImageDataset {
    let display = ProgressDisplay()
    defer { display.clear() }
    let contents = try ImageFolder.load(folder, width: size, height: size) { display.update(line($0)) }
    display.clear()
    let unreadable = contents.unreadable
    for image in unreadable.prefix(namedCount) { Console.note("\(image.reason); left out") }
    if !unreadable.isEmpty {
      let others = unreadable.count - namedCount
      Console.note(
        "\(folder): \(Format.count(unreadable.count)) of \(Format.count(unreadable.count + contents.dataset.count)) images "
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
