import Foundation

/// A disk in memory with little room, which a command sees in place of a folder. Its files are copied from a folder
/// before the command runs and to it afterwards.
struct SmallDisk {
  private let path: String
  private let kibibytes: Int
  private let copy: String

  /// - Parameters:
  ///   - path: The folder in whose place it is.
  ///   - copy: The folder for its files; made if it is missing.
  init(at path: String, kibibytes: Int, keptIn copy: String) {
    (self.path, self.kibibytes, self.copy) = (path, kibibytes, copy)
  }

  /// The words of a command line before a command that sees the disk.
  var command: [String] {
    let script = """
      out=$1 copy=$3 && mkdir -p "$copy" && mount -t tmpfs -o size="$2"k tmpfs "$out" && cp -r "$copy"/. "$out" \\
        && shift 3 && { "$@"; code=$?; } && cp -r "$out"/. "$copy" && exit $code
      """
    return Self.namespace + ["/bin/sh", "-c", script, "sh", path, "\(kibibytes)", copy]
  }

  /// The words of a command line before a command in a mount namespace of its own; where this is not root, one of a
  /// user namespace.
  private static var namespace: [String] {
    ["/usr/bin/unshare", "--mount"] + (geteuid() == 0 ? [] : ["--map-root-user"])
  }

  /// Whether the system lets this user mount one.
  static let isAvailable: Bool = {
    let process = Process()
    process.executableURL = URL(filePath: namespace[0])
    process.arguments = namespace.dropFirst() + ["mount", "-t", "tmpfs", "tmpfs", NSTemporaryDirectory()]
    process.standardError = FileHandle.nullDevice
    guard (try? process.run()) != nil else { return false }
    process.waitUntilExit()
    return process.terminationStatus == 0
  }()
}
