import Files
import Imaging

/// What can go wrong with a data set. `description` is one line: which file, what is wrong, what to do.
public enum DataError: Error, Equatable {
  case file(FileError)
  case image(ImageError)
  /// Neither the folder nor its `cifar-10-batches-bin` holds the batch files.
  case notCIFAR10(folder: String)
  /// A batch file of CIFAR-10 whose bytes from `byte` on are not what they should be.
  case damagedBatch(path: String, byte: Int, reason: String)
  case noImages(folder: String)
  /// More images were asked for than there are, or none.
  case imageCount(String)
}

extension DataError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .image(let error): error.description
    case .notCIFAR10(let folder):
      "\(folder): no CIFAR-10 here: neither data_batch_1.bin nor a folder cifar-10-batches-bin; "
        + "`recolor data fetch` downloads it"
    case .damagedBatch(let path, let byte, let reason): "\(path): damaged at byte \(byte): \(reason)"
    case .noImages(let folder): "\(folder): no PNG or JPEG image in this folder or those inside it"
    case .imageCount(let text): text
    }
  }
}
