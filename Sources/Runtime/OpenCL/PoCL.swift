import Files

/// Properties of PoCL, the Portable Computing Language, that OpenCL does not tell.
package enum PoCL {
  package static let platformName = "Portable Computing Language"

  /// Returns the folder in which it keeps the kernels that it has compiled; nil where it keeps none.
  package static func keptKernels(environment: [String: String] = Environment.paths) -> String? {
    if environment["POCL_KERNEL_CACHE"] == "0" { return nil }
    if let folder = environment["POCL_CACHE_DIR"], !folder.isEmpty { return folder }
    if let folder = environment["XDG_CACHE_HOME"], !folder.isEmpty { return folder + "/pocl/kcache" }
    return environment["HOME"].map { $0 + "/.cache/pocl/kcache" }
  }
}
