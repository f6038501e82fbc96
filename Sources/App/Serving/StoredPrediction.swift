import Files
import Imaging
import Models
import Server

/// The colors that a network predicted for a photograph, with those of its hints, in a private file: they are in memory
/// only while they are used.
struct StoredPrediction: Sendable {
  /// As the page gets it: the form of `ColorData`.
  let file: PrivateFile
  private let photographWidth: Int
  private let photographHeight: Int

  /// - Throws: `FileError`.
  init(_ prediction: ColorPrediction, _ field: HintField?) throws(FileError) {
    let bytes = ColorData.bytes(chroma: prediction.chroma, small: prediction.small, hints: field)
    let file = try PrivateFile()
    try bytes.withUnsafeBufferPointer { bytes throws(FileError) in try file.append(UnsafeRawBufferPointer(bytes)) }
    self.file = file
    (photographWidth, photographHeight) = (prediction.photographWidth, prediction.photographHeight)
  }

  /// Reads the prediction, and the field of its hints, where there are any.
  /// - Throws: `FileError`; `WebError` where the file is not what was written.
  func load() throws -> (ColorPrediction, HintField?) {
    guard let parts = ColorData.parts(of: try file.bytes(in: 0..<file.byteCount)) else {
      throw WebError(.failed, "the colors of the photograph cannot be read again")
    }
    let prediction = ColorPrediction(
      small: parts.small, chroma: parts.chroma, photographWidth: photographWidth, photographHeight: photographHeight)
    return (prediction, parts.hints)
  }

  /// Returns the pixels that a network sees of a photograph.
  /// - Parameter size: The photograph's width and height; nil where they are not known yet.
  static func pixelCount(size: (width: Int, height: Int)?, workingSize: Int) -> Int {
    // As most photographs are.
    let (width, height) = size ?? (3 * workingSize / 2, workingSize)
    let extents = Colorizer.workingExtents(width: width, height: height, workingSize: workingSize)
    return extents.width * extents.height
  }
}
