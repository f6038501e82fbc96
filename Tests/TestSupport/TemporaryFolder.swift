import Foundation

/// A folder of its own for a test; it goes with its owner.
public final class TemporaryFolder {
  public let path: String

  public init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("recolor-\(UUID().uuidString)").path
    // Closed to others, whatever the process's mask: caches in folders that others may write are not used.
    try FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
