import Files
import FoundationEssentials
import Runtime

/// Where kernel files come from: the binary itself, or the folder that `RECOLOR_KERNELS` names.
public struct KernelSources: Sendable {
  /// Folder of edited kernel files; nil for the embedded ones.
  public let folder: String?

  public init(folder: String?) { self.folder = folder }

  /// The embedded files, or the folder in the environment's `RECOLOR_KERNELS`.
  public static func standard(environment: [String: String] = Environment.paths) -> KernelSources {
    KernelSources(folder: environment["RECOLOR_KERNELS"].flatMap { $0.isEmpty ? nil : $0 })
  }

  /// Throws `BackendError.library` where a folder is named and is not there.
  func requireFolder() throws(BackendError) {
    guard let folder else { return }
    var isFolder = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder else {
      throw .library(name: folder, reason: "there is no such folder; RECOLOR_KERNELS must name one of kernel files")
    }
  }

  /// SHA-256 of all kernel files, in hexadecimal digits.
  func digest() -> String? {
    try? SHA256.hexadecimal(of: embeddedKernels.keys.sorted().flatMap { [$0, (try? read($0)) ?? ""] })
  }

  /// The text of one file with every `#include "…"` line replaced by the file it names, once each; `#line` directives
  /// keep the places in a build log right.
  /// - Throws: `BackendError.library` that names the file which is missing.
  public func text(of file: String) throws(BackendError) -> String {
    var included: Set<String> = []
    return try expand(file, included: &included)
  }

  private func expand(_ file: String, included: inout Set<String>) throws(BackendError) -> String {
    guard included.insert(file).inserted else { return "" }
    var output = "#line 1 \"\(file)\"\n"
    for (number, line) in try read(file).split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      if line.hasPrefix("#include \""), let name = line.split(separator: "\"").dropFirst().first {
        output += try expand(String(name), included: &included)
        output += "#line \(number + 2) \"\(file)\"\n"
      } else {
        output += line + "\n"
      }
    }
    return output
  }

  private func read(_ file: String) throws(BackendError) -> String {
    if let folder {
      let path = "\(folder)/\(file)"
      guard let text = try? readOrdinaryText(path) else {
        throw .library(
          name: path, reason: "cannot be read; RECOLOR_KERNELS must name a folder with every kernel file")
      }
      return text
    }
    guard let text = embeddedKernels[file] else {
      throw .library(name: file, reason: "is not among the embedded kernel files")
    }
    return text
  }
}
