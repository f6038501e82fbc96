import Data
import Files
import Imaging

/// The pictures of a folder at their full sizes, which are read one at a time.
struct FullSizePictures {
  /// A photograph and its gray copy.
  struct Picture {
    /// Path relative to the folder.
    let name: String
    /// In sRGB, on white where it is transparent.
    let photograph: RGBImage
    /// The gray copy of the same L*.
    let gray: RGBImage
  }

  /// The numbers of pictures that are left out.
  struct Omissions: Encodable {
    var toned = 0
    var unreadable = 0
  }

  let folder: String
  /// Paths of all pictures.
  private let paths: [String]
  /// Number of pictures to measure, the first ones that are not left out; nil for all.
  private let images: Int?
  private let toned: TonedImages

  /// Finds the pictures of a folder's test part, or of the whole folder where it has none.
  /// - Parameter images: Number of pictures to measure, the first ones that are not left out; nil for all.
  /// - Throws: `DataError`, also where the source is not a folder of images.
  init(_ source: DataSource, images: Int?, toned: TonedImages) throws(DataError) {
    guard let folder = try source.imageFolder(.test) else {
      throw .imageCount("--full-size: \(source) is a data set of small images, not a folder of photographs")
    }
    let paths = try ImageFolder.paths(in: folder)
    guard !paths.isEmpty else { throw .noImages(folder: folder) }
    if let images, images > paths.count {
      throw .imageCount("--images \(images): \(folder) holds \(paths.count)")
    }
    self.folder = folder
    self.paths = paths
    self.images = images
    self.toned = toned
  }

  /// Reads the pictures, one after the other. Writes remarks about those that are left out: those that cannot be read
  /// or are smaller than the window of SSIM, and gray and toned ones, which are recognized at the models' size.
  /// - Parameters:
  ///   - size: Width and height to which pictures are reduced to see whether they are toned.
  ///   - body: Called with each picture.
  /// - Returns: The numbers of pictures that are left out.
  /// - Throws: `DataError` where all are left out, and what `body` throws.
  func forEach(tonedAt size: Int, _ body: (Picture) throws -> Void) throws -> Omissions {
    let display = ProgressDisplay()
    defer { display.clear() }
    var unreadable: [String] = []
    var omissions = Omissions()
    var (readCount, measuredCount) = (0, 0)
    for path in paths where measuredCount < images ?? .max {
      readCount += 1
      let place = images.map { "\(measuredCount + 1) of \($0)" } ?? "\(readCount) of \(paths.count)"
      display.update("\(place): ", name: path)
      let photograph: RGBImage
      do throws(ImageError) {
        photograph = try RGBImage(contentsOf: path)
      } catch {
        // Nothing is wrong with a picture where the system has no more file descriptors.
        if case .file(let problem) = error, problem.isShortage { throw error }
        unreadable.append(error.description)
        continue
      }
      guard min(photograph.width, photograph.height) >= PictureScorer.minimumSize else {
        unreadable.append(
          "\(path): \(photograph.width)×\(photograph.height) is too small to measure; both sides must be at least "
            + "\(PictureScorer.minimumSize)")
        continue
      }
      if toned == .drop, TonalCurve(of: photograph.filled(width: size, height: size)).isGrayOrToned {
        omissions.toned += 1
        continue
      }
      try body(
        Picture(
          name: String(path.dropFirst(folder.count + 1)), photograph: photograph, gray: photograph.withoutChroma))
      measuredCount += 1
    }
    display.clear()
    omissions.unreadable = unreadable.count
    let readableCount = readCount - unreadable.count
    guard readableCount > 0 else {
      throw DataError.noReadableImages(folder: folder, count: readCount, reason: unreadable.first ?? "")
    }
    guard omissions.toned < readableCount else { throw DataError.onlyToned(folder: folder, count: readableCount) }
    ImageFolderReport.noteUnreadable(unreadable, of: readCount, in: folder)
    ImageFolderReport.noteToned(omissions.toned, of: readableCount, in: folder)
    ImageFolderReport.notePassedOver(try ImageFolder.passedOver(in: folder), in: folder)
    if let images, measuredCount < images {
      Console.warning("--images \(images): \(folder) holds only \(measuredCount) that can be measured")
    }
    return omissions
  }
}
