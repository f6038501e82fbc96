import CVectorLoops
import Files
import Glibc
import Runtime

/// A library with the function `cblas_sgemm`, which is loaded when the program runs and not linked.
///
/// Products run on the calling thread: the library is told to start no threads, by `OPENBLAS_NUM_THREADS` and
/// `OMP_NUM_THREADS` while it is loaded and by the function of its own where it is known. Another library's threads, if
/// it has some, would compete with the pool's.
///
/// OpenBLAS chooses its kernels ("core") from the processor's model when it is loaded. A version that does not know the
/// model falls back to SSE3 kernels, at a tenth of the speed. So the core is chosen here, by the processor's features,
/// in the variable `OPENBLAS_CORETYPE`, unless the user has set it; the library reads it while it is loaded, and then
/// the environment is as it was, for processes that this one starts.
public final class BLAS: Sendable {
  /// OpenBLAS's core requested by the user, or else by the processor's features; nil where OpenBLAS chooses.
  public let requestedCore: String?
  /// OpenBLAS's core that runs, as it calls it: `SkylakeX`; nil of another library.
  public let coreName: String?
  /// OpenBLAS's version and build options, as it reports them; nil of another library.
  public let configuration: String?
  /// The file that was loaded, or the name that the system's loader found it by.
  public let libraryName: String
  /// Whether the core uses the widest vectors of this processor.
  public var isFast: Bool { slowReason == nil }
  /// The reason for which the core is slower than this processor allows, with a remedy; nil where it is not.
  public let slowReason: String?
  let sgemm: Product

  typealias Product =
    @convention(c) @Sendable (
      _ order: Int32, _ transposeLeft: Int32, _ transposeRight: Int32, _ rows: Int32, _ columns: Int32, _ length: Int32,
      _ alpha: Float, _ left: UnsafePointer<Float>?, _ leftStride: Int32, _ right: UnsafePointer<Float>?,
      _ rightStride: Int32, _ beta: Float, _ out: UnsafeMutablePointer<Float>?, _ outStride: Int32
    ) -> Void
  private typealias Text = @convention(c) () -> UnsafePointer<CChar>?
  private typealias SetThreadCount = @convention(c) (Int) -> Void

  /// The library, loaded on the first call and never unloaded: OpenBLAS, or the one that `RECOLOR_BLAS` names.
  ///
  /// Throws `BackendError.library` where there is none, or where it lacks the function.
  public static func shared() throws(BackendError) -> BLAS { try loaded.get() }

  private static let loaded: Result<BLAS, BackendError> = {
    do throws(BackendError) { return .success(try BLAS()) } catch { return .failure(error) }
  }()

  private init() throws(BackendError) {
    _ = InstructionSet.limitFromEnvironment
    let usersCore = getenv("OPENBLAS_CORETYPE").map { String(cString: $0) }
    requestedCore = usersCore ?? OpenBLASCore.best?.rawValue
    // Set before loading, so that the library starts no threads.
    let variables =
      [("OPENBLAS_NUM_THREADS", "1"), ("OMP_NUM_THREADS", "1")]
      + (requestedCore.map { [("OPENBLAS_CORETYPE", $0)] } ?? [])
    let added = variables.filter { getenv($0.0) == nil }
    for (variable, value) in added { setenv(variable, value, 0) }
    defer { for (variable, _) in added { unsetenv(variable) } }
    let (handle, name) = try Self.open()
    libraryName = name
    guard let sgemm = dlsym(handle, "cblas_sgemm") else {
      throw .library(
        name: "BLAS", reason: "\(name) has no function cblas_sgemm; set RECOLOR_BLAS to a library that has it")
    }
    self.sgemm = unsafeBitCast(sgemm, to: Product.self)
    func text(_ function: String) -> String? {
      dlsym(handle, function).flatMap { unsafeBitCast($0, to: Text.self)() }.map { String(cString: $0) }
    }
    for function in Self.threadCountFunctions {
      if let address = dlsym(handle, function) { unsafeBitCast(address, to: SetThreadCount.self)(1) }
    }
    coreName = text("openblas_get_corename")
    configuration = text("openblas_get_config")
    if let configuration, configuration.split(separator: " ").contains("USE64BITINT") {
      throw .library(
        name: "BLAS", reason: "\(name) has integers of 64 bits; set RECOLOR_BLAS to a build with integers of 32 bits")
    }
    slowReason =
      if let coreName, !OpenBLASCore.isFast(coreName) {
        if let usersCore {
          "OPENBLAS_CORETYPE is set to \(usersCore); unset it for the faster core"
        } else {
          "\(configuration ?? name) has no kernels for this processor; install a newer OpenBLAS"
        }
      } else { nil }
  }

  /// The functions that set the number of threads, of OpenBLAS, MKL, BLIS, NVPL and the Arm Performance Libraries. Some
  /// take 32 bits of the number, which are passed as 64 are.
  private static let threadCountFunctions = [
    "openblas_set_num_threads", "MKL_Set_Num_Threads", "bli_thread_set_num_threads", "nvpl_blas_set_num_threads",
    "armpl_set_num_threads",
  ]

  /// Names under which distributions install OpenBLAS with 32-bit integers, best first: serial and OpenMP builds come
  /// last, as the builds with POSIX threads are made for calls from several threads at once.
  private static let candidates = [
    "libopenblas.so.0", "libopenblasp.so.0", "libopenblas.so", "libopenblaso.so.0",
    "/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0",
    "/usr/lib/aarch64-linux-gnu/openblas-pthread/libopenblas.so.0",
  ]

  /// The library that `RECOLOR_BLAS` names; nil where it names none.
  private static var requestedLibrary: String? {
    getenv("RECOLOR_BLAS").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  private static func open() throws(BackendError) -> (handle: UnsafeMutableRawPointer, name: String) {
    var reason = ""
    for name in requestedLibrary.map({ [$0] }) ?? candidates {
      if let handle = dlopen(name, RTLD_NOW | RTLD_LOCAL) { return (handle, name) }
      if reason.isEmpty, let text = dlerror() { reason = String(cString: text) }
    }
    throw .library(
      name: "BLAS",
      reason: requestedLibrary == nil
        ? "cannot load OpenBLAS (\(reason)); install it, on Debian and Ubuntu with: apt install libopenblas0"
        : "cannot load what RECOLOR_BLAS names (\(reason))")
  }
}

extension BLAS {
  /// The library that computes faster than the vector loops; nil where these do, and where there is none.
  ///
  /// The loops have register tiles for AVX2 and AVX-512, as fast as OpenBLAS's, and need no packing. Elsewhere the
  /// library is faster where its kernels use wider vectors than the loops' 16 bytes, or were written for the processor:
  /// of a product of 128 × 128 × 256 on one core, OpenBLAS's kernels for AVX reach 109 GFLOP/s, those for SSE 39 to 42,
  /// and the loops 44.
  public static var automatic: BLAS? {
    _ = InstructionSet.limitFromEnvironment
    guard InstructionSet.used == .baseline else { return nil }
    do throws(BackendError) {
      let library = try shared()
      return library.coreName.map(OpenBLASCore.isFasterThanBaselineLoops) ?? true ? library : nil
    } catch {
      if requestedLibrary != nil { Remarks.warning("\(error); the vector loops compute") }
      return nil
    }
  }

  /// The parts that decide how sums are rounded.
  var identity: [String] {
    [MatrixProducts.blas.rawValue] + [configuration ?? libraryName, coreName].compactMap { $0 }
  }
}

extension BLAS: CustomStringConvertible {
  /// The library in a few words: `OpenBLAS 0.3.21, SkylakeX`.
  public var description: String {
    let name = configuration.map { $0.split(separator: " ").prefix(2).joined(separator: " ") } ?? libraryName
    return name + (coreName.map { ", \($0)" } ?? "")
  }
}
