import ArgumentParser
import FoundationEssentials
import Imaging

/// What `--format` names: the kind of file that colored pictures become.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument {
  case png, jpeg

  /// What a file's name asks for; nil where it asks for neither.
  init?(fileName: String) {
    switch URL(filePath: fileName).pathExtension.lowercased() {
    case "png": self = .png
    case "jpg", "jpeg": self = .jpeg
    default: return nil
    }
  }

  /// How the names of such files end.
  var fileExtension: String { self == .png ? "png" : "jpg" }

  func pictureFormat(quality: Int) -> PictureFormat { self == .png ? .png : .jpeg(quality: quality) }
}
