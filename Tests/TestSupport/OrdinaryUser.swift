import Foundation

/// A user without privileges, for tests of permissions. Tests that run as root, who may do everything, act as the user
/// `nobody`; others act as their own user.
public enum OrdinaryUser {
  private static let id: uid_t = 65534

  /// The system does not let this process act as another user.
  public struct Refused: Error {}

  /// Runs `body` with the permissions of this user to files, on this thread and on those that it starts. Folders that
  /// `body` makes are the user's own.
  public static func run(_ body: () throws -> Void) throws {
    guard geteuid() == 0 else { return try body() }
    // Unlike the other identities of a process, that for files is of a single thread. Its header is not in Glibc's
    // module.
    typealias SetUser = @convention(c) (uid_t) -> Int32
    guard let symbol = dlsym(nil, "setfsuid") else { throw Refused() }
    let setUser = unsafeBitCast(symbol, to: SetUser.self)
    _ = setUser(id)
    defer { _ = setUser(0) }
    // The result is the user before; an impossible one changes nothing.
    guard setUser(.max) == Int32(bitPattern: id) else { throw Refused() }
    try body()
  }

  /// Makes this user the owner of a folder and of all in it.
  public static func own(_ path: String) throws {
    guard geteuid() == 0 else { return }
    let members = try FileManager.default.subpathsOfDirectory(atPath: path).map { "\(path)/\($0)" }
    for file in [path] + members where lchown(file, id, id) != 0 { throw Refused() }
  }

  /// The words of a command line before the path of an executable file and its arguments that run it as this user. The
  /// user need not be able to reach the file: it is opened before. Files that it loads must be readable for all.
  public static var command: [String] {
    guard geteuid() == 0 else { return [] }
    return [
      "/bin/sh", "-c",
      "exec 9<\"$0\" && exec setpriv --reuid=\(id) --regid=\(id) --clear-groups /proc/self/fd/9 \"$@\"",
    ]
  }
}
