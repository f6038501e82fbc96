@preconcurrency import COpenBLAS
import Glibc
import Runtime

extension OpenBLAS {
  /// Names under which distributions install OpenBLAS with 32-bit integers, best first: serial and OpenMP builds come
  /// last, for calls from several threads at once are what the builds with POSIX threads are made for.
  private static let candidates = [
    "libopenblas.so.0", "libopenblasp.so.0", "libopenblas.so", "libopenblaso.so.0",
    "/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0",
    "/usr/lib/aarch64-linux-gnu/openblas-pthread/libopenblas.so.0",
  ]

  static func open() throws(BackendError) -> (handle: UnsafeMutableRawPointer, name: String) {
    let names = getenv("RECOLOR_OPENBLAS").map { [String(cString: $0)] } ?? candidates
    var reason = ""
    for name in names {
      if let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) { return (handle, name) }
      if reason.isEmpty, let text = dlerror() { reason = String(cString: text) }
    }
    throw .library(
      name: "OpenBLAS",
      reason: "cannot load it (\(reason)); install it, on Debian and Ubuntu with: apt install libopenblas0")
  }

  /// The library's functions.
  struct Functions: Sendable {
    typealias SGEMM =
      @convention(c) @Sendable (
        CBLAS_ORDER, CBLAS_TRANSPOSE, CBLAS_TRANSPOSE, blasint, blasint, blasint, Float, UnsafePointer<Float>, blasint,
        UnsafePointer<Float>, blasint, Float, UnsafeMutablePointer<Float>, blasint
      ) -> Void
    typealias Text = @convention(c) @Sendable () -> UnsafePointer<CChar>?
    typealias SetThreadCount = @convention(c) @Sendable (Int32) -> Void

    let sgemm: SGEMM
    let coreName: Text
    let configuration: Text
    let setThreadCount: SetThreadCount

    init(handle: UnsafeMutableRawPointer, libraryName: String) throws(BackendError) {
      func symbol<Function>(_ name: String, as type: Function.Type) throws(BackendError) -> Function {
        guard let address = dlsym(handle, name) else {
          throw .library(
            name: "OpenBLAS", reason: "\(libraryName) has no function \(name); install OpenBLAS 0.3 or later")
        }
        return unsafeBitCast(address, to: type)
      }
      sgemm = try symbol("cblas_sgemm", as: SGEMM.self)
      coreName = try symbol("openblas_get_corename", as: Text.self)
      configuration = try symbol("openblas_get_config", as: Text.self)
      setThreadCount = try symbol("openblas_set_num_threads", as: SetThreadCount.self)
    }
  }
}
