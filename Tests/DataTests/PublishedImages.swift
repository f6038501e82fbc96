import Data
import Foundation

/// The published images of CIFAR-10, for the tests that need them.
enum PublishedImages {
  /// The folder named by RECOLOR_CIFAR10, or `../shared/cifar10` beside the package.
  static let candidates: [String] = {
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let shared = package.deletingLastPathComponent().appendingPathComponent("shared/cifar10").path
    return [ProcessInfo.processInfo.environment["RECOLOR_CIFAR10"], shared].compactMap { $0 }
  }()

  /// A folder of the batch files; nil where there is none.
  static let batchFolder: String? = candidates.first { (try? CIFAR10.batchFolder(in: $0)) != nil }

  /// The file of the first 1,000 training images as published; nil where there is none.
  static let lossless: String? = candidates.map { "\($0)/lossless_1000.bin" }.first {
    FileManager.default.fileExists(atPath: $0)
  }
}
