import Files
import Imaging

/// An error of a data set. `description` is one line: the file, the problem and the remedy.
public enum DataError: Error, Equatable {
  case file(FileError)
  case image(ImageError)
  /// Neither the folder nor its `cifar-10-batches-bin` holds the batch files.
  case notCIFAR10(folder: String)
  /// Neither the folder nor its `cifar-100-binary` holds the files.
  case notCIFAR100(folder: String)
  /// A batch file of CIFAR-10 or CIFAR-100 whose bytes from `byte` on are not what they should be.
  case damagedBatch(path: String, byte: Int, reason: String)
  case noImages(folder: String)
  /// A folder's images are all of formats that are not read.
  case onlyUnread(folder: String, kinds: String)
  /// None of a folder's images can be read; `reason` is that of the first.
  case noReadableImages(folder: String, count: Int, reason: String)
  /// All of a folder's images that can be read are gray or toned.
  case onlyToned(folder: String, count: Int)
  /// A file's contents changed while it was read.
  case changedFile(path: String)
  /// The number of images is 0, or larger than the number that exist.
  case imageCount(String)
  /// A side is below 1, or the images take more than `limit` bytes.
  case imageSize(width: Int, height: Int, count: Int, limit: Int)
  /// The file at `url` could not be downloaded.
  case download(url: String, reason: String)
  /// The download stopped; the bytes received are kept.
  case interruptedDownload(url: String, received: Int, reason: String)
  /// A file is not the published one.
  case checksum(path: String, expected: String, found: String)
  /// The data set's folder exists, but does not hold the data set.
  case occupied(folder: String, reason: String)
  /// An archive cannot be unpacked.
  case archive(path: String, reason: String)
  /// A library's function failed that only fails where memory has run out.
  case library(String)
}

extension DataError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .image(let error): error.description
    case .notCIFAR10(let folder):
      "\(folder): no CIFAR-10 here: neither data_batch_1.bin nor a folder cifar-10-batches-bin; "
        + "`recolor data fetch` downloads it"
    case .notCIFAR100(let folder):
      "\(folder): no CIFAR-100 here: no folder cifar-100-binary with train.bin and test.bin; "
        + "`recolor data fetch cifar100` downloads it"
    case .damagedBatch(let path, let byte, let reason): "\(path): damaged at byte \(byte): \(reason)"
    case .noImages(let folder): "\(folder): no image in this folder or those inside it"
    case .onlyUnread(let folder, let kinds):
      "\(folder): no image that is read in this folder or those inside it; passed over: \(kinds)"
    case .noReadableImages(let folder, let count, let reason):
      "\(folder): none of its \(count) images can be read; the first: \(reason)"
    case .onlyToned(let folder, let count):
      "\(folder): all of its images that can be read, \(count), are gray or toned, so that there are no colors to learn "
        + "or to compare with; --toned keep keeps them"
    case .changedFile(let path): "\(path): changed while it was read; run the command again"
    case .imageCount(let text): text
    case .imageSize(let width, let height, let count, let limit):
      width < 1 || height < 1
        ? "images of \(width)×\(height): both sides must be at least 1"
        : "\(count) images of \(width)×\(height): more than the \(limit) bytes, half of the memory that this process may "
          + "use, that a data set may take; use a smaller size or fewer images"
    case .download(let url, let reason): "\(url): cannot be downloaded: \(reason)"
    case .interruptedDownload(let url, let received, let reason):
      "\(url): the download stopped after \(received) bytes: \(reason); run the command again to go on from there"
    case .checksum(let path, let expected, let found):
      "\(path): SHA-256 is \(found) instead of \(expected); this is not the published file"
    case .occupied(let folder, let reason): "\(folder): already there, but \(reason); move it away or choose another"
    case .archive(let path, let reason): "\(path): cannot be unpacked: \(reason)"
    case .library(let call): "\(call) failed; the system is out of memory"
    }
  }
}

/// Returns the result of `body`; throws its error as a `DataError`.
func withDataErrors<Result: ~Copyable>(_ body: () throws(FileError) -> Result) throws(DataError) -> Result {
  do {
    return try body()
  } catch {
    throw .file(error)
  }
}

/// Returns the result of `body`; throws its error as a `DataError`.
func withDataErrors(_ body: () throws(SHA256.Failure) -> String) throws(DataError) -> String {
  do {
    return try body()
  } catch {
    throw .library(error.function)
  }
}
