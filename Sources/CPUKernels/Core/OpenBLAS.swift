import CVectorLoops
@preconcurrency import COpenBLAS
import Glibc
import Runtime

/// Matrix products of OpenBLAS, which is loaded when the program runs and not linked.
///
/// OpenBLAS chooses its kernels ("core") from the processor's model when it is loaded. A version that does not know the
/// model falls back to SSE3 kernels, at a tenth of the speed. So the core is chosen here, by the processor's features,
/// in the variable `OPENBLAS_CORETYPE`, unless the user has set it; the library reads it while it is loaded, and then
/// the environment is as it was, for processes that this one starts.
///
/// The backend does not use it: its own products are faster where it matters, and are compared with these. Products run
/// on the calling thread.
public final class OpenBLAS: Sendable {
  /// The core requested by the user, or else by the processor's features; nil where OpenBLAS chooses.
  public let requestedCore: String?
  /// The core that runs, as OpenBLAS calls it: `SkylakeX`.
  public let coreName: String
  /// Version and build options, as OpenBLAS reports them.
  public let configuration: String
  /// The file that was loaded, or the name that the system's loader found it by.
  public let libraryName: String
  /// Whether the core uses the widest vectors of this processor.
  public var isFast: Bool { slowReason == nil }
  /// The reason for which the core is slower than this processor allows, with a remedy; nil where it is not.
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
    // Set before loading, so that the library starts no threads.
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

  /// C ← alpha · op(A) · op(B) + beta · C, row-major, with op(A) of `rows` × `depth`, op(B) of `depth` × `columns` and
  /// C of `rows` × `columns`. A leading dimension is the distance between two rows as stored, before any transposition.
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

extension OpenBLAS {
  /// The sets of kernels that matter here, by the names that `OPENBLAS_CORETYPE` takes.
  enum Core: String {
    case skylakeX = "SKYLAKEX"
    case haswell = "HASWELL"

    /// The fastest core for this processor's features; nil where OpenBLAS chooses.
    static var best: Core? {
      switch processor_instruction_set() {
      case Int32(vector_x86_64_v4.rawValue): .skylakeX
      case Int32(vector_x86_64_v3.rawValue): .haswell
      default: nil
      }
    }

    /// Whether the core `name` uses the widest vectors of this processor.
    static func isFast(_ name: String) -> Bool {
      let name = name.lowercased()
      let wide = ["skylakex", "cooperlake", "sapphirerapids"]
      switch best {
      case .skylakeX: return wide.contains(name)
      case .haswell: return (wide + ["haswell", "zen", "excavator"]).contains(name)
      case nil: return !["prescott", "core2", "generic", "unknown", "armv8"].contains(name)
      }
    }
  }
}

extension OpenBLAS {
  /// Names under which distributions install OpenBLAS with 32-bit integers, best first: serial and OpenMP builds come
  /// last, as the builds with POSIX threads are made for calls from several threads at once.
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

/// The speed of OpenBLAS's matrix products on this processor, which the convolutions' speed is compared with.
public enum ProductYardstick {
  /// Rows, columns and depth of the product that each thread computes.
  private static let size = 1024
  private static let repetitions = 5

  /// The best of several products, all of the pool's threads together, in GFLOP/s.
  /// - Throws: `BackendError.library` where there is no OpenBLAS.
  public static func gigaflopsPerSecond(on pool: ThreadPool) throws(BackendError) -> Double {
    let blas = try OpenBLAS.shared()
    let count = size * size
    let matrices = UnsafeMutablePointer<Float>.allocate(capacity: 3 * count * pool.workerCount)
    defer { matrices.deallocate() }
    matrices.initialize(repeating: 0.5, count: 3 * count * pool.workerCount)
    var best = Double.infinity
    for _ in 0..<repetitions {
      let start = ContinuousClock.now
      pool.run(count: pool.workerCount) { index, _ in
        // Each index has three matrices of its own.
        let a = matrices + 3 * count * index
        blas.multiply(
          rows: size, columns: size, depth: size, a: a, leadingA: size, b: a + count, leadingB: size, c: a + 2 * count,
          leadingC: size)
      }
      best = min(best, start.secondsUntilNow)
    }
    return 2 * Double(count) * Double(size) * Double(pool.workerCount) / best * 1e-9
  }
}
