import CVectorLoops
@preconcurrency import COpenBLAS
import Glibc
import Runtime

/// Matrix products of OpenBLAS, which is loaded when the program runs and not linked.
///
/// OpenBLAS chooses its kernels ("core") from the processor's model when it is loaded. A version that does not know the
/// model falls back to SSE3 kernels, at a tenth of the speed. So the core is chosen here, from what the processor can
/// do, in the variable `OPENBLAS_CORETYPE`, unless the user has set it; the library reads it while it is loaded, and then
/// the environment is as it was, for processes that this one starts.
///
/// The backend needs none of this: its own products are faster where it matters. It is the yardstick that they are held
/// against. It runs on the calling thread: the callers split their work over `ThreadPool`.
public final class OpenBLAS: Sendable {
  /// The core that was asked for, by the user or from what this processor can do; nil where OpenBLAS was left to choose.
  public let requestedCore: String?
  /// The core that runs, as OpenBLAS calls it: `SkylakeX`.
  public let coreName: String
  /// Version and build options, as OpenBLAS reports them.
  public let configuration: String
  /// The file that was loaded, or the name that the system's loader found it by.
  public let libraryName: String
  /// Whether the core uses the widest vectors of this processor.
  public var isFast: Bool { slowReason == nil }
  /// Why the core is slower than this processor allows and what to do about it; nil where it is not.
  public let slowReason: String?
  private let functions: Functions

  /// The library, loaded on the first call and never unloaded. `RECOLOR_OPENBLAS` names another file to load.
  ///
  /// Throws `BackendError.library` where no OpenBLAS is installed or a function is missing.
  public static func shared() throws(BackendError) -> OpenBLAS { try loaded.get() }

  private static let loaded: Result<OpenBLAS, BackendError> = {
    do throws(BackendError) { return .success(try OpenBLAS()) } catch { return .failure(error) }
  }()

  private init() throws(BackendError) {
    let usersCore = getenv("OPENBLAS_CORETYPE").map { String(cString: $0) }
    requestedCore = usersCore ?? Core.best?.rawValue
    // One thread from the start, so that it starts none of its own.
    let variables = [("OPENBLAS_NUM_THREADS", "1")] + (requestedCore.map { [("OPENBLAS_CORETYPE", $0)] } ?? [])
    let added = variables.filter { getenv($0.0) == nil }
    for (variable, value) in added { setenv(variable, value, 0) }
    defer { for (variable, _) in added { unsetenv(variable) } }
    let (handle, name) = try Self.open()
    functions = try Functions(handle: handle, libraryName: name)
    libraryName = name
    functions.setThreadCount(1)
    coreName = functions.coreName().map { String(cString: $0) } ?? "unknown"
    configuration = functions.configuration().map { String(cString: $0) } ?? "unknown"
    slowReason =
      if Core.isFast(coreName) {
        nil
      } else if let usersCore {
        "OPENBLAS_CORETYPE is set to \(usersCore); unset it for the faster core"
      } else {
        "\(configuration) has no kernels for this processor; install a newer OpenBLAS"
      }
  }

  /// C ← alpha · op(A) · op(B) + beta · C, row-major, with op(A) of `rows` × `depth`, op(B) of `depth` × `columns` and C
  /// of `rows` × `columns`. A leading dimension is the distance between two rows as stored, before any transposition.
  /// With `beta` 0, C is not read.
  @inline(__always)
  public func multiply(
    transposeA: Bool = false, transposeB: Bool = false, rows: Int, columns: Int, depth: Int, alpha: Float = 1,
    a: UnsafePointer<Float>, leadingA: Int, b: UnsafePointer<Float>, leadingB: Int, beta: Float = 0,
    c: UnsafeMutablePointer<Float>, leadingC: Int
  ) {
    functions.sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      blasint(rows), blasint(columns), blasint(depth), alpha, a, blasint(leadingA), b, blasint(leadingB), beta, c,
      blasint(leadingC))
  }
}
