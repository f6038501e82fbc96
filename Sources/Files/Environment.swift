import Glibc

/// The environment variables of this process.
public enum Environment {
  /// The variables whose values are paths of any encoding, as `String.init(pathBytes:)` makes them.
  public static var paths: [String: String] {
    var paths: [String: String] = [:]
    for name in names {
      if let value = getenv(name) { paths[name] = String(path: value) }
    }
    return paths
  }

  private static let names = [
    "RECOLOR_CACHE", "RECOLOR_CIFAR10", "RECOLOR_CIFAR100", "RECOLOR_KERNELS", "XDG_CACHE_HOME", "XDG_DATA_HOME",
    "HOME", "POCL_CACHE_DIR", "POCL_KERNEL_CACHE",
  ]
}
